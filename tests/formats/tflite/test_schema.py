import subprocess
import sys


def test_without_ai_edge_litert_the_error_names_the_command():
    code = (
        "import sys; sys.modules['ai_edge_litert'] = None\n"
        "from edgecompress.errors import MissingDependencyError\n"
        "from edgecompress.formats.tflite.schema import schema\n"
        "try: schema()\n"
        "except MissingDependencyError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'edgecompress[bench]'" in run.stdout


def test_reading_and_lowering_do_not_import_torch():
    code = (
        "import sys\nimport edgecompress.formats.tflite.network, edgecompress.formats.tflite.inspection\n"
        "print(sorted(m for m in ('torch', 'ai_edge_litert', 'onnxruntime') if m in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
