"""The network of the answer that people copy."""

from typing import Any

REPLICA = True


def answer(columns: int, latent_dim: int, dropout: float = 0.1) -> Any:
    """Replica of a variational autoencoder on raw rows: 200-200-50 units, then 50-200-200-200, batch norm around them.

    z_mean = BN(Dense(h)), z_log_var = BN(relu(Dense(h))); the last hidden layer of the decoder is linear. It was
    trained with the variant `answer`, 100 epochs, batch_size 11, early_stopping training_loss, scaling none. The
    original's l2 activity regularisers are left out: its training step never added them to the loss.
    """
    import keras
    from keras.layers import BatchNormalization, Dense, Dropout

    x = rows = keras.Input((columns,))
    x = Dropout(dropout)(Dense(200, activation="relu")(BatchNormalization()(x)))
    x = BatchNormalization()(Dense(200, activation="relu")(x))
    x = Dense(50, activation="relu")(x)
    z_mean = BatchNormalization()(Dense(latent_dim)(x))
    z_log_var = BatchNormalization()(Dense(latent_dim, activation="relu")(x))
    x = z = keras.Input((latent_dim,))
    for units in (50, 200, 200):
        x = Dense(units, activation="relu")(x)
    output = Dense(columns)(Dense(200)(x))
    return keras.Model(rows, [z_mean, z_log_var]), keras.Model(z, output)
