// SPDX-License-Identifier: MIT
#include "stgmamba/eval/video_method.hpp"
#include "stgmamba/infer/video_model.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::eval {

namespace fs = std::filesystem;

std::int64_t trained_size(const fs::path& run) {
  return infer::VideoModel::load(run, c10::kCPU).pose_maps.width;
}

VideoMethod trained_method(const fs::path& run, const std::string& label, std::int64_t size, c10::Device device,
                           const std::string& checkpoint, const infer::StrategyConfig& strategy) {
  const infer::VideoModel model = infer::VideoModel::load(run, device, checkpoint);
  if (model.pose_maps.width != size) {
    throw ConfigError("{}: must be trained on pictures of {} px, as large as the clips, got {}", model.source.string(),
                      size, model.pose_maps.width);
  }
  VideoMethod method = network_method(model.network, model.pose_maps.kind, device, strategy);
  method.name = method.label = label;
  return method;
}

}  // namespace stgmamba::eval
