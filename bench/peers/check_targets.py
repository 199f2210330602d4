"""Reads and runs the files of every target with other tools, beside the rules that Pare checks itself.

usage: python check_targets.py FOLDER [part of a file name ...] [--json FILE]
FOLDER is made by `npx tsx bench/targets.ts --out FOLDER`.

For every file: onnx.checker with full shape inference; onnxruntime on the CPU against the original on the same inputs.
For OpenVINO files also OpenVINO: compiled for the CPU, run, and the precision that each convolution and matrix product
was executed in, by its own execution graph. For TVM files also TVM: imported, compiled for this CPU and run. There is no
runtime of TensorRT and TensorFlow Lite here: their files are judged by Pare's rules, and by onnxruntime that they compute.
What is not installed is said, not skipped in silence. Needs onnx, onnxruntime, numpy; openvino and apache-tvm where they install.
"""

import argparse
import json
import math
import sys
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

try:
    import openvino
except ImportError:
    openvino = None
try:
    import tvm
    from tvm import relax
    from tvm.relax.frontend.onnx import from_onnx
except Exception as error:  # it raises more than ImportError where a library of its own is missing
    tvm = None
    TVM_MISSING = f"TVM is not here ({type(error).__name__})"

TYPES = {
    "float32": np.float32,
    "float16": np.float16,
    "float64": np.float64,
    "int64": np.int64,
    "int32": np.int32,
    "uint8": np.uint8,
    "int8": np.int8,
    "bool": np.bool_,
}

# What OpenVINO calls the operators that weighted layers become.
OPENVINO_PRODUCTS = {"Convolution", "GroupConvolution", "MatMul", "FullyConnected"}


def sqnr_db(wanted, got):
    """Of all float outputs together, decibels; None where they hold none."""
    signal = noise = 0.0
    seen = False
    for name, a in wanted.items():
        b = got.get(name)
        if b is None or not np.issubdtype(np.asarray(a).dtype, np.floating):
            continue
        if np.shape(a) != np.shape(b):
            raise ValueError(f"output {name} is {np.shape(b)} instead of {np.shape(a)}")
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        if not np.isfinite(b[np.isfinite(a)]).all():
            raise ValueError(f"output {name} has NaN or infinity")
        ok = np.isfinite(a)
        signal += float((a[ok] ** 2).sum())
        noise += float(((a[ok] - b[ok]) ** 2).sum())
        seen = True
    if not seen:
        return None
    return math.inf if noise == 0 else 10 * math.log10(signal / noise) if signal > 0 else -math.inf


def run_onnxruntime(path, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def check_openvino(path, feeds):
    core = openvino.Core()
    # Newer CPUs would compute the floats in bfloat16, whose rounding would hide what is looked for.
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(str(path)), "CPU", exact)
    result = compiled({name: array for name, array in feeds.items()})
    outputs = {}
    for port in compiled.outputs:
        outputs[port.get_any_name()] = result[port]
    executed = Counter()
    for op in compiled.get_runtime_model().get_ordered_ops():
        info = op.get_rt_info()
        kind = str(info["layerType"].astype(str)) if "layerType" in info else op.get_type_name()
        if kind in OPENVINO_PRODUCTS:
            precision = info["runtimePrecision"].astype(str) if "runtimePrecision" in info else "?"
            executed[str(precision)] += 1
    return outputs, dict(executed)


def check_tvm(path, feeds):
    model = onnx.load(str(path))
    shapes = {name: list(array.shape) for name, array in feeds.items()}
    module = from_onnx(model, shape_dict=shapes, keep_params_in_input=False)
    module = relax.transform.DecomposeOpsForInference()(module)
    built = tvm.compile(module, target="llvm")
    machine = relax.VirtualMachine(built, tvm.cpu())
    inputs = [tvm.runtime.tensor(feeds[value.name]) for value in model.graph.input if value.name in feeds]
    result = machine["main"](*inputs)
    result = list(result) if isinstance(result, (list, tuple)) or hasattr(result, "__len__") and not hasattr(result, "numpy") else [result]
    return {value.name: array.numpy() for value, array in zip(model.graph.output, result)}


def reason(error):
    text = str(error).strip().splitlines() or [type(error).__name__]
    return f"{type(error).__name__}: {text[-1] if isinstance(error, RuntimeError) else text[0]}"[:300]


def attempt(work):
    try:
        return work(), None
    except Exception as error:
        if "--trace" in sys.argv:
            traceback.print_exc()
        return None, reason(error)


def check(folder, variant, feeds, original):
    path = folder / variant["file"]
    line = {key: variant.get(key) for key in ("model", "target", "form", "file", "bytes", "opset", "integerLayers")}
    line["rules"] = [found["what"] for found in variant.get("findings", []) if found["severity"] == "error"]
    _, line["checker"] = attempt(lambda: onnx.checker.check_model(str(path), full_check=True))
    outputs, line["onnxruntime"] = attempt(lambda: run_onnxruntime(path, feeds))
    if outputs is not None:
        line["sqnrDb"], failed = attempt(lambda: sqnr_db(original, outputs))
        line["onnxruntime"] = failed
    if variant["target"] == "openvino" and openvino is not None:
        found, line["openvino"] = attempt(lambda: check_openvino(path, feeds))
        if found is not None:
            line["openvinoExecuted"] = found[1]
            line["openvinoSqnrDb"], line["openvino"] = attempt(lambda: sqnr_db(original, found[0]))
    if variant["target"] == "tvm" and tvm is not None:
        found, line["tvm"] = attempt(lambda: check_tvm(path, feeds))
        if found is not None:
            line["tvmSqnrDb"], line["tvm"] = attempt(lambda: sqnr_db(original, found))
    return line


def text(line):
    parts = [f"{line['model'][:26]:26} {line['target']:17} {line['form']:17}"]
    parts.append("checker " + ("ok" if line["checker"] is None else f"REFUSED {line['checker']}"))
    if line["onnxruntime"] is None:
        db = line.get("sqnrDb")
        parts.append("onnxruntime " + ("runs" if db is None else f"{db:.1f} dB"))
    else:
        parts.append(f"onnxruntime FAILED {line['onnxruntime']}")
    if "openvino" in line:
        if line["openvino"] is None:
            executed = ", ".join(f"{n} {p}" for p, n in sorted(line["openvinoExecuted"].items()))
            db = line["openvinoSqnrDb"]
            parts.append(f"OpenVINO {'runs' if db is None else f'{db:.1f} dB'}; products in {executed}")
        else:
            parts.append(f"OpenVINO FAILED {line['openvino']}")
    if "tvm" in line:
        db = line.get("tvmSqnrDb")
        parts.append(f"TVM FAILED {line['tvm']}" if line["tvm"] is not None else f"TVM {'runs' if db is None else f'{db:.1f} dB'}")
    if line["rules"]:
        parts.append("RULES " + " | ".join(line["rules"]))
    return "; ".join(parts)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("parts", nargs="*")
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--trace", action="store_true")
    arguments = arguments.parse_args()
    listed = json.loads((arguments.folder / "targets.json").read_text())
    versions = [f"onnx {onnx.__version__}", f"onnxruntime {onnxruntime.__version__}"]
    versions.append(f"openvino {openvino.__version__}" if openvino else "OpenVINO is not installed: its files are only run in onnxruntime")
    versions.append(f"tvm {tvm.__version__}" if tvm else TVM_MISSING + ": its files are only run in onnxruntime")
    versions.append("TensorRT and TensorFlow Lite have no runtime here: rules and onnxruntime only")
    print("\n".join(versions))
    lines = []
    originals = {}
    for variant in listed["variants"]:
        if arguments.parts and not any(part in variant.get("file", "") for part in arguments.parts):
            continue
        if "failed" in variant:
            print(f"{variant['model']} {variant['target']} {variant['form']}: not made: {variant['failed']}")
            lines.append({**variant, "checker": variant["failed"], "onnxruntime": None, "rules": []})
            continue
        name = variant["model"]
        if name not in originals:
            known = listed["models"][name]
            feeds = {}
            for value in known["inputs"]:
                raw = np.fromfile(arguments.folder / value["file"], TYPES[value["dataType"]])
                feeds[value["name"]] = raw.reshape(value["dims"])
            originals[name] = (feeds, run_onnxruntime(arguments.folder / known["original"], feeds))
        feeds, original = originals[name]
        line = check(arguments.folder, variant, feeds, original)
        lines.append(line)
        print(text(line), flush=True)
    bad = [line for line in lines if line["checker"] or line["onnxruntime"] or line.get("openvino") or line.get("tvm") or line["rules"]]
    print(f"{len(lines)} files: {len(lines) - len(bad)} pass everything that could be checked, {len(bad)} do not.")
    if arguments.json:
        arguments.json.write_text(json.dumps({"versions": versions, "lines": lines}, indent=1))
    sys.exit(1 if bad else 0)


main()
