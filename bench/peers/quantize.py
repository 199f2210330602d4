"""Quantizes the models of a folder with other tools, on the very tensors that Pare calibrates with.

usage: python quantize.py FOLDER [onnxruntime] [nncf] [inc]   (FOLDER is made by `npx tsx bench/quantization.ts --dump FOLDER`)

Needs onnx, onnxruntime, numpy; nncf and neural-compressor where they install (the last one that quantizes ONNX is 2.6,
which wants onnxruntime 1.19: call this script once more from an environment of its own). Writes FOLDER/<model>/peers/*.onnx and
peers.json: what was made with which version, how long it took, what failed and why.
"""

import json
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

BATCH = 1  # every tool sees one sample at a time: their histograms do not depend on it


class Rows(CalibrationDataReader):
    def __init__(self, feeds, rows):
        self.feeds, self.rows, self.next = feeds, rows, 0

    def get_next(self):
        if self.next >= len(self.rows):
            return None
        row = self.rows[self.next]
        self.next += 1
        return {name: array[row : row + 1] for name, array in self.feeds.items()}

    def rewind(self):
        self.next = 0

    def __len__(self):
        return len(self.rows)


def with_onnxruntime(model, out, feeds, rows):
    prepared = out / "prepared.onnx"
    try:
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
    except Exception:  # the tool's own advice: go on without
        prepared = model
    for method in ("MinMax", "Entropy", "Percentile"):
        for per_channel in (False, True):
            name = f"ort-{method.lower()}-{'channel' if per_channel else 'tensor'}"
            target = out / f"{name}.onnx"

            def make(method=method, per_channel=per_channel, target=target):
                quantize_static(
                    str(prepared),
                    str(target),
                    Rows(feeds, rows),
                    quant_format=QuantFormat.QDQ,
                    per_channel=per_channel,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    calibrate_method=getattr(CalibrationMethod, method),
                )

            yield name, f"onnxruntime {onnxruntime.__version__} quantize_static", make

    def default():
        quantize_static(str(prepared), str(out / "ort-default.onnx"), Rows(feeds, rows))

    yield "ort-default", f"onnxruntime {onnxruntime.__version__} quantize_static, its defaults", default


def with_nncf(model, out, feeds, rows):
    import nncf

    def make(target, **options):
        loaded = onnx.load(str(model))
        data = [{name: array[row : row + 1] for name, array in feeds.items()} for row in rows]
        quantized = nncf.quantize(loaded, nncf.Dataset(data), subset_size=len(rows), **options)
        onnx.save(quantized, str(out / f"{target}.onnx"))

    version = f"nncf {nncf.__version__} quantize"
    yield "nncf-default", version, lambda: make("nncf-default")
    yield "nncf-mixed", f"{version}, preset mixed, accurate bias correction", lambda: make(
        "nncf-mixed", preset=nncf.QuantizationPreset.MIXED, fast_bias_correction=False
    )


def with_neural_compressor(model, out, feeds, rows):
    import neural_compressor
    from neural_compressor import PostTrainingQuantConfig, quantization

    class Loader:
        batch_size = BATCH

        def __iter__(self):
            for row in rows:
                yield {name: array[row : row + 1] for name, array in feeds.items()}, 0

    def make():
        config = PostTrainingQuantConfig(approach="static", quant_format="QDQ", calibration_sampling_size=[len(rows)])
        quantized = quantization.fit(str(model), config, calib_dataloader=Loader())
        quantized.save(str(out / "inc-default.onnx"))

    yield "inc-default", f"neural-compressor {neural_compressor.__version__}", make


TOOLS = {"onnxruntime": with_onnxruntime, "nncf": with_nncf, "inc": with_neural_compressor}


def main(folder, names):
    for place in sorted(Path(folder).iterdir()):
        if not (place / "meta.json").exists():
            continue
        meta = json.loads((place / "meta.json").read_text())
        wanted = set(json.loads((place / "calibration.json").read_text()))
        rows = [i for i, index in enumerate(meta["indices"]) if index in wanted]
        feeds = {name: np.load(place / file) for name, file in meta["inputs"].items()}
        out = place / "peers"
        out.mkdir(exist_ok=True)
        known = out / "peers.json"
        results = json.loads(known.read_text()) if known.exists() else {}
        for tool in (TOOLS[name] for name in names or TOOLS):
            try:
                jobs = list(tool(place / "original.onnx", out, feeds, rows))
            except Exception as error:
                print(place.name, tool.__name__, "not here:", error, flush=True)
                continue
            for name, what, make in jobs:
                started = time.time()
                try:
                    make()
                    results[name] = {"tool": what, "seconds": round(time.time() - started, 1), "samples": len(rows)}
                except BaseException as error:
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    results[name] = {"tool": what, "failed": f"{type(error).__name__}: {str(error)[:300]}"}
                    traceback.print_exc(limit=2)
                print(place.name, name, results[name], flush=True)
        known.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
