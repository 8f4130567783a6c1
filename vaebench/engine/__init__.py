"""The engine: trains one spec on one replicate's rows. Compile once per structure, assign, run.

train           trains a spec with the program of its structure; encodes and decodes with what was trained
training_loop   that program: the whole training loop as one XLA computation
structure       what needs another compile; all else is assigned
perceptron      encoder and decoder, applied to a batch
weights         the layers, where each weight stands, what they start from
optimizers      the update rules
random_numbers  noise and dropout inside a program
keras_models    a trained network as ordinary Keras models
tf_setup        TensorFlow: quiet, single-threaded, its compiled programs kept on disk
"""
