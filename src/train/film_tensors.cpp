// SPDX-License-Identifier: MIT
#include "film_tensors.hpp"

#include <torch/torch.h>

#include "stgmamba/losses/flow.hpp"
#include "stgmamba/nn/pixel_values.hpp"
#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::train {

namespace {

at::Tensor pictures_of(const std::vector<std::uint8_t>& bytes, const std::vector<std::int64_t>& shape,
                       c10::Device device) {
  const at::Tensor view = torch::from_blob(const_cast<std::uint8_t*>(bytes.data()), shape, torch::kUInt8);
  STG_CHECK(view.numel() == std::ssize(bytes), "[film_tensors] {} bytes do not fill {}", bytes.size(),
            fmt::join(shape, "x"));
  return nn::to_unit(view.to(device));
}

}  // namespace

FilmTensors film_tensors(const data::Batch& batch, c10::Device device) {
  const data::Pictures& pictures = batch.pictures;
  const std::int64_t b = batch.size, f = batch.frames, side = pictures.size;
  const at::Tensor frames = pictures_of(pictures.frames, {b, f + 1, 3, side, side}, device);
  FilmTensors film;
  film.photo = frames.select(1, 0).contiguous();
  film.real = frames.narrow(1, 1, f).contiguous();
  film.poses = pictures_of(pictures.poses, {b, f, pictures.channels, side, side}, device);
  const auto copied = [&](const std::vector<float>& values, const std::vector<std::int64_t>& shape) {
    const at::Tensor view = torch::from_blob(const_cast<float*>(values.data()), shape, torch::kFloat32);
    STG_CHECK(view.numel() == std::ssize(values), "[film_tensors] {} numbers do not fill {}", values.size(),
              fmt::join(shape, "x"));
    return view.clone().to(device);
  };
  const at::Tensor joints = copied(pictures.joints, {b, f + 1, skeleton::kJoints, 3});
  film.photo_joints = joints.select(1, 0);
  film.joints = joints.narrow(1, 1, f);
  if (!pictures.flow.empty()) {
    film.flow = copied(pictures.flow, {b, f - 1, 2, side, side});
    const at::Tensor back = copied(pictures.back, {b, f - 1, 2, side, side});
    film.confidence = losses::flow_confidence(film.real.narrow(1, 1, f - 1).flatten(0, 1),
                                              film.real.narrow(1, 0, f - 1).flatten(0, 1), film.flow.flatten(0, 1),
                                              back.flatten(0, 1))
                          .unflatten(0, {b, f - 1});  // [B, F-1, 1, H, W]
  }
  return film;
}

}  // namespace stgmamba::train
