"""The engine: trains one spec on the rows of one replicate. A program is compiled once per structure, then reused.

train           trains a spec with the program of its structure; encodes and decodes with the trained network
training_loop   the program: a whole training loop as one XLA computation
structure       what a program is compiled for; everything else is assigned at run time
perceptron      encoder and decoder, applied to a batch of rows
weights         the layers, the place of each weight, initial weights
optimizers      update rules
random_numbers  noise and dropout inside a program
keras_models    the trained network as ordinary Keras models
tf_setup        imports TensorFlow: quiet, single-threaded, compiled programs cached on disk
"""
