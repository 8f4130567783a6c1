"""The network of the answer that people copy."""

from typing import Any

REPLICA = True


def answer(columns: int, latent_dim: int, dropout: float = 0.1, training_mode: bool = True) -> Any:
    """Replica of a variational autoencoder on raw rows: 200-200-50 units, then 50-200-200-200, batch norm around them.

    z_mean = BN(Dense(h)), z_log_var = BN(relu(Dense(h))); the last hidden layer of the decoder is linear. It was
    trained with the variant `answer`, 100 epochs, batch_size 11, early_stopping training_loss, scaling none. The
    original's l2 activity regularisers are left out: its training step never added them to the loss.

    training_mode: whether that training step called the encoder with training=True. Without, as in Keras's example of a
    VAE, layers do what they do at inference: no dropout, and batch norm by moving statistics that stay 0 and 1.
    """
    import keras
    from keras.layers import BatchNormalization, Dense, Dropout, EinsumDense

    def norm(x: Any) -> Any:
        if training_mode:
            return BatchNormalization()(x)
        scale = keras.initializers.Constant(1 / 1.001**0.5)  # 1 / sqrt(1 + epsilon), trained as gamma is
        return EinsumDense("ab,b->ab", x.shape[-1], bias_axes="b", kernel_initializer=scale)(x)

    x = rows = keras.Input((columns,))
    x = Dropout(dropout if training_mode else 0.0)(Dense(200, activation="relu")(norm(x)))
    x = norm(Dense(200, activation="relu")(x))
    x = Dense(50, activation="relu")(x)
    z_mean, z_log_var = norm(Dense(latent_dim)(x)), norm(Dense(latent_dim, activation="relu")(x))
    x = z = keras.Input((latent_dim,))
    for units in (50, 200, 200):
        x = Dense(units, activation="relu")(x)
    output = Dense(columns)(Dense(200)(x))
    return keras.Model(rows, [z_mean, z_log_var]), keras.Model(z, output)
