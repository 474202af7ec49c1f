// SPDX-License-Identifier: MIT
// Config section `audio`: what the music encoder knows before the dance begins. Not in the paper.
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "stgmamba/config/section.hpp"
#include "stgmamba/data/batch.hpp"

namespace stgmamba::train {

struct AudioConfig {
  std::string init = "random";  // random | beat_pretrained: the run's first steps teach the encoder where beats are
  std::int64_t init_steps = 0;  // how many such steps; 200 unless the file says otherwise, 0 with random
};
/// Keys init, init_steps. Throws ConfigError for init_steps without beat_pretrained.
void read(config::Section section, AudioConfig& config);

/// How near a beat every frame is, [B, F] in [0, 1]: exp(-((t_f - beat) / 50 ms)^2 / 2) of the nearest beat, 0 where a
/// window has none. `batch.beats`: config `data.beats` says whose.
at::Tensor beat_targets(const data::Batch& batch);

/// Mean binary cross-entropy of sigmoid(tokens[:, :, 0]) with `targets`; tokens [B, F, C]. A channel of the tokens
/// answers itself, so that the network needs no part that is thrown away afterwards.
at::Tensor beat_loss(const at::Tensor& tokens, const at::Tensor& targets);

/// Correlation over all frames of that answer with `targets`; 0 where either is constant.
double beat_correlation(const at::Tensor& tokens, const at::Tensor& targets);

}  // namespace stgmamba::train
