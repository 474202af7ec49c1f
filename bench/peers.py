#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times published scans on the shapes of `bash tools/bench.sh scan`, from sources that the user has at hand.

    python3 bench/peers.py --ggml PATH/TO/ggml --mamba PATH/TO/state-spaces/mamba --minimal PATH/TO/mamba-minimal \\
        [--width 128] [--json FILE]

Of the Python projects only single functions are taken from their files, because the packages do not import without a GPU;
ggml is built from its checkout (needs CMake, forward only). Nothing of theirs is kept here. The Python peers need a Python
with torch. Rows have the names of the C++ program, so that both files can be joined. Intel's extension for PyTorch, which
has such a scan too, is archived and needs a torch of its own.
"""
import argparse
import ast
import json
import pathlib
import statistics
import subprocess
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:  # ggml needs none
    torch = F = None

B, FRAMES, V, N = 16, 50, 18, 16


def function_of(path, name, **names):
    """The function (or method) `name` of a file, alone."""
    tree = ast.parse(pathlib.Path(path).read_text())
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name]
    if not found:
        raise SystemExit(f"{path}: no function {name}")
    found[0].decorator_list = []
    space = dict(torch=torch, F=F, **names)
    exec(compile(ast.Module(body=[found[0]], type_ignores=[]), str(path), "exec"), space)
    return space[name]


def peers(args):
    if args.mamba:
        einops = __import__("einops")
        path = pathlib.Path(args.mamba) / "mamba_ssm/ops/selective_scan_interface.py"
        reference = function_of(path, "selective_scan_ref", rearrange=einops.rearrange, repeat=einops.repeat)

        def by_reference(u, delta, a, b, c, d, bias):  # [S, L, D] -> [S, L, D]
            t = lambda x: x.transpose(1, 2)
            return t(reference(t(u), t(delta), a, t(b), t(c), d, delta_bias=bias, delta_softplus=True))

        yield "mamba selective_scan_ref", by_reference
    if args.minimal:
        einops = __import__("einops")
        path = pathlib.Path(args.minimal) / "model.py"
        scan = function_of(path, "selective_scan", einsum=einops.einsum, rearrange=einops.rearrange)
        yield "mamba-minimal", lambda u, delta, a, b, c, d, bias: scan(None, u, F.softplus(delta + bias), a, b, c, d)


def inputs(width, axis):
    """Sequences first: joints of a frame (sg) or frames of a joint (tg). The copy that tg needs is not counted."""
    rows = (B * FRAMES, V) if axis == "sg" else (B * V, FRAMES)
    leaf = lambda *shape: torch.randn(*shape, requires_grad=True)
    a = (-torch.arange(1.0, N + 1).repeat(width, 1)).requires_grad_()
    bias = (torch.rand(width) * 4 - 6).requires_grad_()
    return [leaf(*rows, width), leaf(*rows, width), a, leaf(*rows, N), leaf(*rows, N), leaf(width), bias]


def build_ggml(source, build):
    """bench/peer_ggml.cpp against a checkout of ggml; the program's path."""
    here = pathlib.Path(__file__).resolve().parent
    source, build = pathlib.Path(source).resolve(), pathlib.Path(build).resolve()
    subprocess.run(["cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF", "-DGGML_NATIVE=ON",
                    "-DGGML_BUILD_TESTS=OFF", "-DGGML_BUILD_EXAMPLES=OFF"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build, "--target", "ggml", "--parallel"], check=True, stdout=subprocess.DEVNULL)
    libraries = [build / "src" / f"libggml{part}.a" for part in ("", "-cpu", "-base")]
    program = build / "peer_ggml"
    subprocess.run(["g++", "-std=c++20", "-O2", f"-I{source}/include", here / "peer_ggml.cpp", *libraries, "-fopenmp", "-ldl",
                    "-o", program], check=True)
    return program


def ggml_rows(args):
    program = build_ggml(args.ggml, args.ggml_build)
    for width in args.width:
        for axis, sequences, length in (("sg", B * FRAMES, V), ("tg", B * V, FRAMES)):
            shape = map(str, (sequences, length, width, N, args.threads, args.repeats))
            done = subprocess.run([program, *shape], check=True, capture_output=True, text=True)
            yield {"name": f"scan {axis} D{width} fwd", "peer": "ggml", "ms": float(done.stdout), "repeats": args.repeats}


def milliseconds(run, tensors, backward):
    begin = time.perf_counter()
    if backward:
        run(*tensors).sum().backward()
    else:
        with torch.no_grad():
            run(*tensors)
    return (time.perf_counter() - begin) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ggml", help="a checkout of ggml-org/ggml")
    parser.add_argument("--ggml-build", default="build/ggml", help="where ggml is built")
    parser.add_argument("--mamba", help="a checkout of state-spaces/mamba")
    parser.add_argument("--minimal", help="a checkout of johnma2006/mamba-minimal")
    parser.add_argument("--width", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--backward", action="store_true", help="forward and backward as well (minutes)")
    parser.add_argument("--json")
    args = parser.parse_args()
    rows = []
    for row in ggml_rows(args) if args.ggml else ():
        rows.append(row)
        print(f"{row['name']:32} {row['peer']:28} {row['ms']:10.1f} ms", flush=True)
    if args.mamba or args.minimal:
        if torch is None:
            parser.error("the Python peers need a Python with torch")
        torch.set_num_threads(args.threads)
    for peer, run in peers(args):
        for width in args.width:
            for axis in ("sg", "tg"):
                tensors = inputs(width, axis)
                for backward in (False, True) if args.backward else (False,):
                    ms = statistics.median(milliseconds(run, tensors, backward) for _ in range(args.repeats))
                    name = f"scan {axis} D{width} {'fwd+bwd' if backward else 'fwd'}"
                    rows.append({"name": name, "peer": peer, "ms": ms, "repeats": args.repeats})
                    print(f"{name:32} {peer:28} {ms:10.1f} ms", flush=True)
    if not rows:
        parser.error("no peer: give --ggml, --mamba or --minimal")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
