"""Runs a study: ask, evaluate, tell, persist, confirm. One coordinator process owns a study; workers never write to it.

run                a whole run: baselines, search, confirmation
loop               the search: ask, evaluate, prune, tell, persist
asking, samplers   which configuration a trial tries, through Optuna
pruning            stops a trial early that is plainly worse
feeding            how many workers a study can feed
confirmation       refits the best trials on further draws and diagnoses them
baselines          scores the baselines and the noise floor on the same draws
attainable_cache   attainable errors, simulated once per data set
programs           which programs the search will need
store              the record of a study
storage            where records are: files, or a database
file_storage       records in files of a home
journal            writes such a file
replay             reads it
lock               keeps a second coordinator out of a study
database           records in a PostgreSQL database that hosts share, and the lock there
database_journal   a record in Optuna's tables
address            the address of a database, and what is shown of it
trial_lines        a trial as a line of a journal
tasks              evaluations sent to workers, and their results
workers            worker processes on this machine, or a Dask cluster
local_workers      worker processes on this machine
preloaded          what they need, imported once
joined             a Dask cluster that runs already
scheduler          its scheduler, looked for and connected to
versions           what must be the same on every host of a cluster
in_worker          what stands around a task in a worker process
in_process         evaluates in this process, without workers
interrupts         the signals that end a run
events             what a run reports to its observer
"""
