"""Runs a study: ask, evaluate, tell, persist, confirm. One coordinator owns a study; workers never touch it.

run                from a definition to its confirmed record
loop               the search: ask, evaluate, prune, tell, persist
asking, samplers   which configuration a trial tries, through Optuna
pruning            a trial that is plainly worse stops early
confirmation       the best refitted on further draws, and diagnosed
baselines          the baselines and the noise floor on the same draws
attainable_cache   what is attainable, simulated once for a data set
compile_ahead      programs that the search will need
store, journal     the record on disk
lock               two coordinators of one study kept apart
tasks              what is sent to workers, and what comes back
workers            the processes: this machine's, or a Dask cluster's
in_process         this process in their place
events             what a run tells whoever listens
"""
