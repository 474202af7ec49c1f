// SPDX-License-Identifier: MIT
#include "stgmamba/train/tensors.hpp"

#include <torch/torch.h>

#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/check.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::train {

namespace {

at::Tensor copied(const std::vector<float>& values, const std::vector<std::int64_t>& shape, c10::Device device) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    count *= size;
  }
  STG_CHECK(count == static_cast<std::int64_t>(values.size()), "[to_tensors] {} values do not fill {} places",
            values.size(), count);
  const at::Tensor view = torch::from_blob(const_cast<float*>(values.data()), shape, torch::kFloat32);
  return device.is_cpu() ? view.clone() : view.to(device, torch::kFloat32, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

BatchTensors to_tensors(const data::Batch& batch, c10::Device device) {
  const std::int64_t b = batch.size, f = batch.frames;
  BatchTensors tensors{copied(batch.audio, {b, f, data::kSamplesPerFrame}, device),
                       copied(batch.pose, {b, f, skeleton::kJoints, 2}, device),
                       copied(batch.score, {b, f, skeleton::kJoints}, device),
                       {}};
  for (const auto& [name, features] : batch.features) {
    tensors.features[name] = copied(features.values, {b, f, features.size}, device);
  }
  return tensors;
}

const at::Tensor& BatchTensors::music(const std::string& name) const {
  const auto found = features.find(name);
  STG_CHECK(name == "waveform" || found != features.end(),
            "[BatchTensors] the batch must hold {}, which DataConfig::features asks for", name);
  return name == "waveform" ? audio : found->second;
}

c10::Device device_from_name(const std::string& name, const std::string& where) {
  const bool cuda = torch::cuda::is_available();
  if (name == "cpu" || (name == "auto" && !cuda)) {
    return torch::kCPU;
  }
  if (name == "auto") {
    return c10::Device(torch::kCUDA, 0);
  }
  long long index = 0;
  const bool numbered = name.rfind("cuda:", 0) == 0 && util::parse_integer(std::string_view(name).substr(5), index);
  if (name != "cuda" && !numbered) {
    throw ConfigError("{}: 'device' must be cpu, cuda, cuda:N or auto, got '{}'", where, name);
  }
  const auto count = static_cast<long long>(cuda ? torch::cuda::device_count() : 0);
  if (index < 0 || index >= count) {
    throw ConfigError("{}: device '{}' is not available: this program sees {} GPUs; use device: cpu", where, name,
                      count);
  }
  return c10::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace stgmamba::train
