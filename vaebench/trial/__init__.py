"""Everything that is done with one spec on one replicate.

evaluate         spec + replicate -> result: fit, generate, score
fit              trains, fits the latent sampler to the codes, returns what can generate
decoder_noise    standard deviation of the decoder noise
level_noise      the decoder noise of categories
wide_rows        columns of any kind as numbers without gaps, and back
scaling          scales rows before training, and undoes it within the support of each column
curves           straighten skewed columns: power, log, normal scores
to_generator     a fitted trial as a generator that is data
decoder_steps    the decoder as steps of a generator
kept_generators  generators kept in the study's folder
plot_data        a trial beside the data, for plots
evidence         what a trial would score with one of its parts replaced by the ideal
diagnosis        what is wrong with a trial, by the evidence
collapse         settings doomed to posterior collapse, found before training
"""
