// SPDX-License-Identifier: MIT
// Parity bundles: weights, inputs, outputs and gradients of one network, so that anyone can check a twin of it in
// another framework, and the comparison with what that twin gave.
//
//   weights.safetensors    parameters and buffers by PyTorch's names
//   inputs.safetensors     audio [B, F, 1600], z [B, F, 10]
//   outputs.safetensors    tokens [B, F, 256], output [B, F, V, 2], loss [1] = mean |output|
//   gradients.safetensors  of that loss by every parameter's name; "audio" and "z" too
//   config.yaml            the model section that made the network
//   outputs_theirs.safetensors   what the other side writes: any of tokens, output, loss, and grad.<name>
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "stgmamba/models/pose_generator.hpp"

namespace stgmamba::eval {

struct ParityOptions {
  std::uint64_t seed = 1;  // of the inputs
  std::int64_t batch = 2, frames = 50;
  bool float64 = true;      // else float32
  std::string config_text;  // resolved configuration, for config.yaml
  std::string origin;       // for the README: the checkpoint, or how fresh weights were made
};

/// Writes the bundle (the folder appears whole or not at all). The network is converted to the chosen precision.
/// Throws ResourceError when the folder exists.
void write_parity_bundle(const std::filesystem::path& folder, const models::GeneratorHandle& generator,
                         const ParityOptions& options);

struct ParityRow {
  std::string name;       // "output", "grad.head.weight"
  double largest = 0.0;   // max |theirs - ours|
  double relative = 0.0;  // that over max |ours| (over 1 where ours is all zero)
  std::string problem;    // "missing", "shape [2, 3], expected [3, 2]", "not finite"; empty when compared
  bool agrees(double tolerance) const { return problem.empty() && relative <= tolerance; }
};

struct ParityReport {
  std::vector<ParityRow> rows;  // output and tokens first, then gradients by name
  std::int64_t not_given = 0;   // names of ours that the other side left out
  bool agrees(double tolerance) const;
};

/// Compares outputs_theirs.safetensors with ours; `output` must be there, everything else may be. Throws
/// CheckpointError when a file is missing or unreadable.
ParityReport check_parity_bundle(const std::filesystem::path& folder);

}  // namespace stgmamba::eval
