"""The multilayer perceptron."""

from dataclasses import dataclass
from typing import ClassVar

from vaebench.networks import Network


@dataclass(frozen=True)
class Mlp(Network):
    """Multilayer perceptron: each hidden layer is Dense, batch norm if on, activation, in the encoder also dropout.

    z_mean = code_activation(batch norm of Dense(h) if code_norm is on, else Dense(h)); z_log_var and the decoder's
    output are Dense. Its settings stand beside those of training: encoder, decoder, activation, dropout, batch_norm,
    code_activation, code_norm. One program serves every latent_dim and dropout.
    """

    layers_from_spec: ClassVar[bool] = True
