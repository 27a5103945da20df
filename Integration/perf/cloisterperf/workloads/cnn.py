"""Trains a small convolutional network on data that it makes: TensorFlow if it is installed, else PyTorch."""
import os
import sys
import time

started = time.monotonic()
sys.path.insert(0, "/opt/ml")
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
steps, batch = int(sys.argv[1]), 64

import numpy

random = numpy.random.default_rng(1)
images = random.random((steps * batch, 28, 28, 1), dtype=numpy.float32)
labels = random.integers(0, 10, steps * batch)
# Something to learn: the digit's column is bright.
for image, label in zip(images, labels):
    image[:, label * 2:label * 2 + 2] += 1

try:
    import tensorflow

    model = tensorflow.keras.Sequential([
        tensorflow.keras.layers.Input((28, 28, 1)),
        tensorflow.keras.layers.Conv2D(32, 5, activation="relu"),
        tensorflow.keras.layers.MaxPooling2D(2),
        tensorflow.keras.layers.Conv2D(64, 3, activation="relu"),
        tensorflow.keras.layers.MaxPooling2D(2),
        tensorflow.keras.layers.Flatten(),
        tensorflow.keras.layers.Dense(256, activation="relu"),
        tensorflow.keras.layers.Dense(10),
    ])
    model.compile("adam", tensorflow.keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def train():
        return model.fit(images, labels, batch_size=batch, epochs=1, verbose=0).history["loss"][-1]

except ImportError:
    import torch

    layers = torch.nn
    model = layers.Sequential(layers.Conv2d(1, 32, 5), layers.ReLU(), layers.MaxPool2d(2), layers.Conv2d(32, 64, 3),
                              layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(), layers.Linear(1600, 256),
                              layers.ReLU(), layers.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters())
    loss_of = layers.CrossEntropyLoss()

    def train():
        x, y = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)
        total = 0.0
        for start in range(0, len(y), batch):
            optimizer.zero_grad()
            loss = loss_of(model(x[start:start + batch]), y[start:start + batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * batch
        return total / len(y)

ready = time.monotonic()
loss = train()
ended = time.monotonic()
if not loss < 2.5:
    sys.exit(f"the network learned nothing: loss {loss}")
print("figure startup", ready - started)
print("figure run", ended - ready)
