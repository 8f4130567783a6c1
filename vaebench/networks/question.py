"""The network of the question that vaebench began with."""

from typing import Any

REPLICA = True


def question(columns: int, latent_dim: int) -> Any:
    """Replica of a naive autoencoder: code = relu(Dense(x)), output = Dense(code).

    In the question latent_dim is 42; optimizer adadelta (learning_rate 0.001), loss `question`, 50 epochs, batch_size
    256, scaling none. Its encoder has one output, so it goes with variants without a posterior, such as `ae`.
    """
    import keras

    rows, z = keras.Input((columns,)), keras.Input((latent_dim,))
    encoder = keras.Model(rows, keras.layers.Dense(latent_dim, activation="relu")(rows))
    return encoder, keras.Model(z, keras.layers.Dense(columns)(z))
