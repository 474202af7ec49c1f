#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What nvcc makes of the GPU kernels, against a budget: fails when a figure grows.

  budget.py --nvcc NVCC --arch 90            compare with budget_sm_90.json beside this file
  budget.py --nvcc NVCC --arch 90 --update   write it

Registers, spills and stack from ptxas; atomics, local memory and the step loop (of the norm: all instructions) from the PTX text; the step loop's machine
instructions too where nvdisasm is at hand (in PATH or NVDISASM). Instructions per state update = instructions that a warp
issues for one step, over 32 channels and N states; the loop is the one that a thread runs once a step.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KERNELS = HERE.parent.parent / "kernels"
SOURCES = ["scan/gpu/forward", "scan/gpu/backward", "scan/gpu/finish", "block/gpu/gated_norm"]
ALWAYS_ZERO = ["spill_bytes", "stack_bytes", "atomics", "local_accesses"]
# Where instructions may grow by a rounding of the compiler's mood, registers may not.
MAY_GROW = {"ptx_all": 1.02, "ptx_step": 1.02, "sass_step": 1.02}
# Instructions per state update of the forward scan: what the design asks where a full group of states shares a step's rest.
FORWARD_LIMIT, FORWARD_STATES = 0.30, 16


def kernel_name(mangled):
    """"forward float32 N16" of a scan, "norm_forward float32 K3" of the pass after the scans."""
    match = re.search(r"\d(scan|norm)_([a-z]+)_kernelI(?:NS\d_\d+(\w+?)E|(f))Li(\d+)", mangled)
    family, kind, half, _, number = match.groups()
    return f"{kind if family == 'scan' else family + '_' + kind} {half or 'float32'} {'N' if family == 'scan' else 'K'}{number}"


def compile_source(nvcc, arch, source, folder):
    command = [nvcc, "-std=c++20", "-ftz=true", f"-arch=sm_{arch}", f"-I{KERNELS}", "-Xptxas", "-v", "--keep", "--keep-dir",
               str(folder), "-cubin", str(KERNELS / f"{source}.cu"), "-o", str(folder / f"{pathlib.Path(source).name}.cubin")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return done.stderr


def read_ptxas(log, figures):
    name = None
    for line in log.splitlines():
        if match := re.search(r"Compiling entry function '(\S+)'", line):
            name = kernel_name(match.group(1))
            figures[name] = {}
        elif match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            figures[name]["stack_bytes"] = int(match.group(1))
            figures[name]["spill_bytes"] = int(match.group(2)) + int(match.group(3))
        elif match := re.search(r"Used (\d+) registers", line):
            figures[name]["registers"] = int(match.group(1))
            shared = re.search(r"(\d+) bytes smem", line)
            figures[name]["static_shared_bytes"] = int(shared.group(1)) if shared else 0


def step_loops(instructions, labels, branch, exp):
    """Sizes of the innermost loops that hold an exponential, in program order."""
    loops = []
    for i, text in enumerate(instructions):
        match = re.search(branch, text)
        if match and match.group(1) in labels and labels[match.group(1)] <= i:
            loops.append((labels[match.group(1)], i))
    inner = [(a, b) for a, b in loops if not any(a <= c and d <= b and (c, d) != (a, b) for c, d in loops)]
    return [b - a + 1 for a, b in inner if any(re.search(exp, x) for x in instructions[a:b + 1])]


def read_ptx(text, figures):
    for match in re.finditer(r"\.entry (\S+?)\(.*?\n\{(.*?)\n\}", text, re.S):
        body = figures[kernel_name(match.group(1))]
        labels, instructions = {}, []
        for line in match.group(2).splitlines():
            line = line.strip()
            if label := re.match(r"(\$\w+):", line):
                labels[label.group(1)] = len(instructions)
            elif line and not line.startswith((".", "//", "{", "}")):
                instructions.append(line)
        body["atomics"] = sum(bool(re.match(r"(@\S+ )?(atom|red)\.", x)) for x in instructions)
        body["local_accesses"] = sum(bool(re.match(r"(@\S+ )?(ld|st)\.local", x)) for x in instructions)
        if "norm_" in match.group(1):  # no loop over steps: the whole kernel counts
            body["ptx_all"] = len(instructions)
        else:
            body["ptx_step"] = step_loops(instructions, labels, r"\bbra(?:\.uni)?\s+(\$\w+)", r"ex2\.approx")


def read_sass(text, figures):
    for section in re.split(r"//-+ \.text\.", text)[1:]:
        labels, instructions = {}, []
        for line in section.splitlines():
            if label := re.match(r"(\.L_x_\d+):", line):
                labels[label.group(1)] = len(instructions)
            elif match := re.match(r"\s+/\*[0-9a-f]+\*/\s+(.*?);", line):
                instructions.append(match.group(1))
        name = kernel_name(section.split(None, 1)[0])
        if not name.startswith("norm"):
            figures[name]["sass_step"] = step_loops(instructions, labels, r"\bBRA\b.*`\((\.L_x_\d+)\)", r"MUFU\.EX2")


def per_update(name, loops):
    """Forward: its one loop. Backward: of its loops, the first sweep, the one that keeps states, and the reverse sweep; the
    one before them runs for scans longer than a segment only."""
    states = int(name.rsplit("N", 1)[1])
    used = loops if name.startswith("forward") else loops[-3:]
    return sum(used) / (32 * states)


def show(figures):
    # Shared memory is dynamic: the launcher's figures are held by EmulationProperties.SharedMemoryStaysInItsBudget.
    print(f"{'kernel':26} {'regs':>5} {'spill':>6} {'stack':>6} {'atomic':>6} {'local':>6}  step loops (instructions), per update")
    for name, f in sorted(figures.items()):
        loops = ""
        for kind in ("ptx_step", "sass_step"):
            if f.get(kind):
                loops += f"  {kind[:-5]} {'+'.join(map(str, f[kind]))} = {per_update(name, f[kind]):.3f}"
        print(f"{name:26} {f['registers']:5} {f['spill_bytes']:6} {f['stack_bytes']:6} {f['atomics']:6} {f['local_accesses']:6}{loops}")


def compare(figures, budget):
    wrong = [f"{name}: {key} is {f[key]}, must be 0" for name, f in figures.items() for key in ALWAYS_ZERO if f[key]]
    if set(figures) != set(budget):
        wrong.append(f"kernels differ from the budget: {sorted(set(figures) ^ set(budget))}")
    for name in set(figures) & set(budget):
        for key, allowed in budget[name].items():
            got = figures[name].get(key)
            if got is None and key.startswith("sass"):
                continue  # no disassembler here
            if not got and allowed:
                wrong.append(f"{name}: {key} was not found in what nvcc printed")
                continue
            total = lambda x: sum(x) if isinstance(x, list) else x
            if total(got) > total(allowed) * MAY_GROW.get(key, 1):
                wrong.append(f"{name}: {key} grew from {allowed} to {got}")
    for name, f in figures.items():
        if name.startswith("forward") and int(name.rsplit("N", 1)[1]) >= FORWARD_STATES:
            for kind in ("ptx_step", "sass_step"):
                if f.get(kind) and per_update(name, f[kind]) > FORWARD_LIMIT:
                    wrong.append(f"{name}: {per_update(name, f[kind]):.3f} instructions per update, must be at most {FORWARD_LIMIT}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--arch", default="90")
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args()
    figures = {}
    disassembler = os.environ.get("NVDISASM") or shutil.which("nvdisasm")
    with tempfile.TemporaryDirectory() as temporary:
        for source in SOURCES:
            name = pathlib.Path(source).name
            folder = pathlib.Path(temporary) / name
            folder.mkdir()
            read_ptxas(compile_source(args.nvcc, args.arch, source, folder), figures)
            read_ptx((folder / f"{name}.ptx").read_text(), figures)
            if disassembler:
                done = subprocess.run([disassembler, "-c", folder / f"{name}.cubin"], capture_output=True, text=True)
                if done.returncode == 0:
                    read_sass(done.stdout, figures)
    print(f"sm_{args.arch}" + ("" if disassembler else " (no nvdisasm: PTX counts only)"))
    show(figures)
    path = HERE / f"budget_sm_{args.arch}.json"
    if args.update:
        lines = ",\n".join(f'  "{name}": {json.dumps(f)}' for name, f in sorted(figures.items()))
        path.write_text("{\n" + lines + "\n}\n")
        return
    wrong = compare(figures, json.loads(path.read_text()))
    if wrong:
        sys.exit("\n".join(wrong) + f"\nIf this is meant: budget.py --arch {args.arch} --update")
    print("within budget: 0 spills, 0 stack bytes, 0 atomics, 0 local accesses")


if __name__ == "__main__":
    main()
