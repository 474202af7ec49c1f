// SPDX-License-Identifier: MIT
// Host batches as tensors on a device.
#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "stgmamba/data/batch.hpp"

namespace stgmamba::train {

struct BatchTensors {
  at::Tensor audio;  // [B, F, 1600]
  at::Tensor pose;   // [B, F, V, 2]
  at::Tensor score;  // [B, F, V]

  std::map<std::string, at::Tensor> features;  // by name, [B, F, n]

  /// What a network hears: audio for "waveform", else the features of that name, which the batch must hold.
  const at::Tensor& music(const std::string& name) const;
};

/// Copies: the batch may go away.
BatchTensors to_tensors(const data::Batch& batch, c10::Device device);

/// cpu | cuda | cuda:N | auto (a GPU when there is one). Throws ConfigError, beginning with `where`, when this build or
/// machine has no such device.
c10::Device device_from_name(const std::string& name, const std::string& where);

}  // namespace stgmamba::train
