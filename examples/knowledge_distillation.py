"""Teach a small network with a large one: a model that overrides compute_loss to follow the teacher's soft answers too."""

import tensorweb as keras
from tensorweb import layers, ops

LABELLED = 1500
BATCH_SIZE = 64
TEACHER_EPOCHS = 4
STUDENT_EPOCHS = 8


class Distiller(keras.Model):
    """Trains a student on labels and on what a teacher thinks of each picture."""

    def __init__(self, student, teacher):
        super().__init__()
        self.student = student
        self.teacher = teacher

    def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
        """Take the losses; alpha weighs the labels, the temperature softens both answers."""
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha = alpha
        self.temperature = temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False):
        """Return the weighted sum of both losses."""
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        distillation_loss = self.distillation_loss_fn(
            ops.softmax(teacher_pred / self.temperature, axis=1), ops.softmax(y_pred / self.temperature, axis=1)
        ) * (self.temperature**2)
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def call(self, x):
        """Return the student's answer."""
        return self.student(x)


def load_data():
    """Return the digits, to train on and to test with."""
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train, x_test = x_train[..., None].astype("float32") / 255, x_test[..., None].astype("float32") / 255
    return (x_train, y_train.astype("int32")), (x_test, y_test.astype("int32"))


def make_network(filters, name):
    """Return a convnet that gives logits."""
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(filters, 3, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.MaxPooling2D(pool_size=2, strides=1, padding="same"),
            layers.Conv2D(2 * filters, 3, strides=2, padding="same"),
            layers.Flatten(),
            layers.Dense(10),
        ],
        name=name,
    )


def compile_alone(network):
    """Compile a network to learn from labels only."""
    network.compile(
        optimizer=keras.optimizers.Adam(0.002),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return network


def make_model(teacher):
    """Return the compiled distiller of a new student."""
    distiller = Distiller(make_network(3, "student"), teacher)
    teacher.trainable = False
    distiller.compile(
        optimizer=keras.optimizers.Adam(0.003),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        student_loss_fn=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        distillation_loss_fn=keras.losses.KLDivergence(),
        alpha=0.1,
        temperature=4,
    )
    return distiller


def main():
    """Train a teacher, a student by it and one without it; return the taught student's test accuracy."""
    keras.utils.set_random_seed(1)
    (x_train, y_train), test = load_data()
    teacher = compile_alone(make_network(16, "teacher"))
    teacher.fit(x_train, y_train, epochs=TEACHER_EPOCHS, batch_size=BATCH_SIZE, verbose=2)
    distiller = make_model(teacher)
    few = x_train[:LABELLED], y_train[:LABELLED]
    distiller.fit(*few, epochs=STUDENT_EPOCHS, batch_size=BATCH_SIZE, verbose=2)
    alone = compile_alone(make_network(3, "student_alone"))
    alone.fit(*few, epochs=STUDENT_EPOCHS, batch_size=BATCH_SIZE, verbose=0)
    accuracies = [network.evaluate(*test, verbose=0, return_dict=True)["accuracy"] for network in (teacher, distiller, alone)]
    print("test accuracy: teacher {:.3f}, taught student {:.3f}, student alone {:.3f}".format(*accuracies))
    return accuracies[1]


if __name__ == "__main__":
    main()
