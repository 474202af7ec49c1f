// SPDX-License-Identifier: MIT
#include "stgmamba/models/stgcn/st_gcn.hpp"

#include <cmath>

#include <torch/torch.h>

#include "stgmamba/nn/st_gcn.hpp"
#include "stgmamba/skeleton/graph.hpp"
#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/check.hpp"

namespace stgmamba::models {
namespace {

constexpr std::int64_t kJoints = skeleton::kJoints;

struct Row {
  std::int64_t in, out, stride;
};
constexpr Row kTable[kStGcnBlocks] = {{2, 64, 1},    {64, 64, 1},   {64, 64, 1},   {64, 64, 1},   {64, 128, 2},
                                      {128, 128, 1}, {128, 128, 1}, {128, 256, 2}, {256, 256, 1}, {256, 256, 1}};

}  // namespace

void read(config::Section section, StGcnConfig& config) {
  section.read("width", config.width, {.min = 1.0 / 64, .max = 4});
  section.read("dropout", config.dropout, {.min = 0, .below = 1});
}

StGcnImpl::StGcnImpl(const StGcnConfig& config) {
  const auto scaled = [&config](std::int64_t channels) {
    return channels == 2 ? 2 : std::llround(static_cast<double>(channels) * config.width);
  };
  std::vector<double> entries = skeleton::adjacency(skeleton::Partition::kStgcn);
  const std::int64_t parts = skeleton::partition_count(skeleton::Partition::kStgcn);
  a_ = register_buffer(
      "A",
      torch::from_blob(entries.data(), {parts, kJoints, kJoints}, torch::kDouble).to(torch::kFloat32, false, true));
  data_bn_ = register_module("data_bn", torch::nn::BatchNorm1d(2 * kJoints));
  for (const Row& row : kTable) {
    const bool first = row.in == 2;
    st_gcn_networks_->push_back(nn::StGcnBlock(nn::StGcnBlockConfig{.in = scaled(row.in),
                                                                    .out = scaled(row.out),
                                                                    .partitions = parts,
                                                                    .stride = row.stride,
                                                                    .residual = !first,
                                                                    .dropout = first ? 0.0 : config.dropout}));
    edge_importance_->append(torch::ones({parts, kJoints, kJoints}).requires_grad_());
  }
  register_module("st_gcn_networks", st_gcn_networks_);
  register_module("edge_importance", edge_importance_);
  fcn_ = register_module("fcn", torch::nn::Conv2d(torch::nn::Conv2dOptions(scaled(256), config.classes, 1)));
}

std::vector<torch::Tensor> StGcnImpl::features(const torch::Tensor& pose) {
  STG_CHECK(pose.dim() == 4 && pose.size(2) == kJoints && pose.size(3) == 2,
            "[StGcn] pose must be [B, F, {}, 2], got {} dimensions", kJoints, pose.dim());
  const std::int64_t batch = pose.size(0), frames = pose.size(1);
  const torch::Tensor channels = pose.reshape({batch, frames, 2 * kJoints}).transpose(1, 2);  // [B, 2 V, F]
  torch::Tensor x = data_bn_->forward(channels).view({batch, kJoints, 2, frames});            // [B, V, 2, F]
  x = x.permute({0, 2, 3, 1}).contiguous();                                                   // [B, 2, F, V]
  std::vector<torch::Tensor> maps;
  for (std::size_t block = 0; block < st_gcn_networks_->size(); ++block) {
    x = st_gcn_networks_[block]->as<nn::StGcnBlock>()->forward(x, a_ * edge_importance_[block]);
    maps.push_back(x);
  }
  return maps;
}

torch::Tensor StGcnImpl::forward(const torch::Tensor& pose) {
  const torch::Tensor pooled = features(pose).back().mean({2, 3}, /*keepdim=*/true);  // [B, C, 1, 1]
  return fcn_->forward(pooled).flatten(1);                                            // [B, classes]
}

}  // namespace stgmamba::models
