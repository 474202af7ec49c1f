// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/models/video_generator.hpp"

namespace stgmamba::train {

/// Windows of film on a device; pictures and maps in [-1, 1].
struct FilmTensors {
  at::Tensor photo;         // [B, 3, H, W] I_0
  at::Tensor real;          // [B, F, 3, H, W]
  at::Tensor poses;         // [B, F, P, H, W]
  at::Tensor photo_joints;  // [B, V, 3] px and whether seen; undefined where nobody asks for them
  at::Tensor joints;        // [B, F, V, 3]
  at::Tensor flow;          // [B, F-1, 2, H, W] px, teacher's, of frames 2..F; undefined without one
  at::Tensor confidence;    // [B, F-1, 1, H, W] where it can be trusted

  models::Photo given() const { return {photo, photo_joints}; }
  models::Poses asked() const { return {poses, joints}; }
};
FilmTensors film_tensors(const data::Batch& batch, c10::Device device);

}  // namespace stgmamba::train
