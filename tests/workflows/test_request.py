from edgecompress.workflows.request import Request, Source


def test_a_name_is_of_model_and_data_as_files_can_have_it():
    assert Source().name == "alexnet-digits"
    assert Source(model="package.module:make").name == "make"
    assert Source(model="folder/net.onnx", data="folder/samples.npz").name == "net-samples"
    assert Source(model="resnet18", data="folder/samples.npz").name == "resnet18-samples"


def test_the_encoding_is_a_change_to_the_recipe_and_the_last_one():
    assert Request(target="host", changes=("seed=2",)).all_changes == ("seed=2",)
    asked = Request(target="host", changes=("export.encoding=smallest",), encoding="fast-load")
    assert asked.all_changes[-1] == "export.encoding=fast-load"
