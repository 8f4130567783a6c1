"""All that is done with one spec on one replicate.

evaluate       spec + replicate -> result: fit, generate, score
fit            train, fit the latent sampler to the codes, know how to generate
decoder_noise  the spread of the decoder's noise
scaling        of rows before training
generator      a fitted trial that stands alone: saved, loaded, asked for rows
evidence       what a trial would score with one of its parts swapped for the ideal
diagnosis      what the evidence says is wrong
collapse       settings that are doomed to posterior collapse, known before training
"""
