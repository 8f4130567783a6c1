"""Everything that is done with one spec on one replicate.

evaluate       spec + replicate -> result: fit, generate, score
fit            trains, fits the latent sampler to the codes, returns what can generate
decoder_noise  standard deviation of the decoder noise
scaling        scales rows before training
generator      a fitted trial that can be saved, loaded and asked for rows
evidence       what a trial would score with one of its parts replaced by the ideal
diagnosis      what is wrong with a trial, by the evidence
collapse       settings doomed to posterior collapse, found before training
"""
