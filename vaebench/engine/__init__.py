"""The engine: trains one spec on the rows of one replicate. A program is compiled once per structure, then reused.

train           trains a spec with the program of its structure; encodes and decodes with the trained network
training_loop   the program: a whole training loop as one XLA computation
batch           a batch of rows and the networks as a variant sees them
structure       what a program is compiled for; everything else is assigned at run time
network_of      the network of a structure, applied to batches: one of the next two
perceptron      the network mlp, hyper-parameters assigned at run time
keras_layout    a network of ordinary Keras models: its variables in the program's arrays, applied to batches
keras_build     builds such a network from a seed and checks it
weights         the layers of mlp, the place of each weight, initial weights
jacobians       gradients of a network with respect to its input
optimizers      update rules
random_numbers  noise and dropout inside a program
keras_models    the trained network as ordinary Keras models
"""
