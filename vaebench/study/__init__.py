"""What a study is: its question, data, space and budget, and the record of its results.

definition   a study file's content, validated and resolved
file         the grammar of study files: sections, parameters, compare
space        what is fixed and what is searched
pairs        which parts of a spec go together
suggesters   trials that sample a space without Optuna: at random, from given numbers, cell by cell
spec         one trial's configuration, fully resolved
support      the values that columns can have: declared bounds, and what the training rows show
replicate    one draw of the data plus one seed
records      results of trials and baselines, diagnoses, attainable errors
"""
