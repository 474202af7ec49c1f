// SPDX-License-Identifier: MIT
// The networks behind FID, KID, FVD and LPIPS: files that users bring (skeleton-to-video D5). Nothing is downloaded,
// and nothing stands in for a file that is missing unless its own metric is asked for by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "stgmamba/image_metrics/resize.hpp"

namespace stgmamba::image_metrics {

/// A file of a metric network: names it may have in the folder, and where its owners publish it.
struct NetFile {
  std::string key;                 // "inception"
  std::vector<std::string> names;  // the first is the one to use
  std::string what;                // "Inception v3 of FID, TorchScript"
  std::string source;              // what to fetch
  std::string sha256 = {};         // of the published file of the first name: its digits or the first of them
};
const std::vector<NetFile>& net_files();

/// Frames, or clips, to rows of numbers.
struct FeatureNet {
  std::map<std::string, std::string> files;           // name -> hash, for the cards
  std::function<at::Tensor(const at::Tensor&)> rows;  // uint8 [N, 3, H, W], or clips [N, T, 3, H, W] -> [N, W]
};
/// Pairs of frames to distances.
struct PairNet {
  std::map<std::string, std::string> files;
  std::function<at::Tensor(const at::Tensor&, const at::Tensor&)> distance;  // uint8 [N, 3, H, W] twice -> [N]
};

class MetricNets {
 public:
  MetricNets(std::filesystem::path folder, c10::Device device);

  /// Inception's 2048 features of a frame, resized by us to 299x299 and scaled as the resize's project does. The file
  /// is NVIDIA's TorchScript, whose part `layers` takes such pictures, or any TorchScript network that maps [N, 3, 299,
  /// 299] in [-1, 1] to [N, W]. Empty: the file is not there.
  std::optional<FeatureNet> inception(Resize resize) const;
  /// I3D's 400 logits of a clip of 9 frames or more, resized by us to 224x224 in [-1, 1]: the file's own resize and
  /// rescale stay off, so that any I3D gives the same answer.
  std::optional<FeatureNet> i3d() const;
  std::optional<PairNet> lpips_alex() const;
  std::optional<PairNet> lpips_vgg() const;

  /// One line: which of these files (by key) are missing, where they come from and where they go; "" when all are
  /// there.
  std::string missing(const std::vector<std::string>& keys) const;
  /// A line a file: found, with its hash and whether that is the published file's where one is published; unreadable,
  /// with what is wrong; or missing, with its source. Every file that is there is loaded once.
  std::string report() const;

 private:
  std::filesystem::path find(const std::string& key) const;  // empty: not there
  void try_load(const std::string& key, const std::filesystem::path& path) const;
  std::optional<PairNet> lpips_net(const std::string& trunk, const std::string& heads, bool vgg) const;
  std::filesystem::path folder_;
  c10::Device device_;
};

/// AlexNet's trunk with weights that are a fixed function of their names (He-normal draws, no bias):
/// "random-alexnet-v1". The mean over pixels of relu5 of the frame at 128x128: 256 numbers. Distances between such
/// features order sets of frames by texture and colour, but they are no FID and compare with none.
FeatureNet random_alexnet(c10::Device device);

}  // namespace stgmamba::image_metrics
