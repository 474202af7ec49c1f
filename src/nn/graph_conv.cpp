// SPDX-License-Identifier: MIT
#include "stgmamba/nn/graph_conv.hpp"

#include <cmath>

#include "stgmamba/skeleton/graph.hpp"
#include "stgmamba/skeleton/layout.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::nn {

void read(config::Section section, GraphConvConfig& config) {
  section.read("weights", config.weights, {"depthwise", "dense"});
  section.read("partition", config.partition, {"spatial", "stgcn", "uniform"});
  section.read("temporal_kernel", config.temporal_kernel, {.min = 1, .max = 3});
  if (config.temporal_kernel == 2) {
    throw ConfigError("{}: 'graph.temporal_kernel' must be 1 or 3, got '2'", section.where("temporal_kernel"));
  }
}

GraphConvImpl::GraphConvImpl(const GraphConvConfig& config, std::int64_t width) : dense_(config.weights == "dense") {
  const skeleton::Partition partition = skeleton::partition_from_name(config.partition);
  const std::int64_t parts = skeleton::partition_count(partition);
  std::vector<double> entries = skeleton::adjacency(partition);
  adjacency_ = torch::from_blob(entries.data(), {parts, skeleton::kJoints, skeleton::kJoints}, torch::kDouble).clone();
  list_edges(entries, parts);
  const double bound = 1.0 / std::sqrt(static_cast<double>(dense_ ? parts * width : parts));
  const std::vector<std::int64_t> shape =
      dense_ ? std::vector<std::int64_t>{parts, width, width} : std::vector<std::int64_t>{parts, width};
  weight_ = register_parameter("weight", torch::empty(shape).uniform_(-bound, bound));
  edge_importance_ = register_parameter("edge_importance", torch::ones({parts, skeleton::kJoints, skeleton::kJoints}));
  bias_ = register_parameter("bias", torch::zeros({width}));
  if (config.temporal_kernel == 3) {
    const double reach = 1.0 / std::sqrt(3.0);
    temporal_ = register_parameter("temporal", torch::empty({width, 3}).uniform_(-reach, reach));
  }
}

void GraphConvImpl::list_edges(const std::vector<double>& adjacency, std::int64_t parts) {
  constexpr std::int64_t kJoints = skeleton::kJoints;
  std::vector<std::int64_t> places;
  std::vector<std::int64_t> partitions;
  for (std::int64_t receiver = 0; receiver < kJoints; ++receiver) {
    for (std::int64_t row = 0; row < parts * kJoints; ++row) {  // k V + source
      const std::int64_t place = row * kJoints + receiver;
      if (adjacency[static_cast<std::size_t>(place)] != 0.0) {
        edges_.push_back({static_cast<std::int32_t>(row % kJoints), static_cast<std::int32_t>(receiver)});
        places.push_back(place);
        partitions.push_back(row / kJoints);
      }
    }
  }
  edge_places_ = torch::tensor(places);
  edge_partitions_ = torch::tensor(partitions);
}

torch::Tensor GraphConvImpl::edge_weights() const {
  const torch::Tensor adjacency = adjacency_.to(weight_.device(), weight_.scalar_type());
  const torch::Tensor edges = (adjacency * edge_importance_).flatten().index_select(0, edge_places_);  // [E]
  return edges.unsqueeze(1) * weight_.index_select(0, edge_partitions_);                               // [E, D]
}

torch::Tensor GraphConvImpl::activated(const torch::Tensor& u, ops::ScanBackend backend) {
  const bool on_cpu = u.is_cpu() && (backend == ops::ScanBackend::kAuto || backend == ops::ScanBackend::kCpu);
  if (dense_ || temporal_.defined() || !on_cpu) {
    return torch::silu(forward(u));
  }
  return ops::graph_mix(u, edges_, edge_weights(), bias_, backend);
}

torch::Tensor GraphConvImpl::forward(const torch::Tensor& u) {
  const torch::Tensor adjacency = adjacency_.to(u.device(), u.scalar_type());
  const torch::Tensor mix = (adjacency * edge_importance_).transpose(1, 2);  // [K, receiver, source]
  torch::Tensor out = bias_;
  for (std::int64_t k = 0; k < mix.size(0); ++k) {
    const torch::Tensor gathered = torch::matmul(mix[k], u);  // [B, F, V, D]
    out = out + (dense_ ? torch::matmul(gathered, weight_[k].t()) : gathered * weight_[k]);
  }
  if (!temporal_.defined()) {
    return out;
  }
  const torch::Tensor padded = torch::constant_pad_nd(out, {0, 0, 0, 0, 1, 1});  // [B, F + 2, V, D]
  const std::int64_t frames = out.size(1);
  const torch::Tensor taps = temporal_.t();  // [3, D]
  return padded.narrow(1, 0, frames) * taps[0] + padded.narrow(1, 1, frames) * taps[1] +
         padded.narrow(1, 2, frames) * taps[2];
}

}  // namespace stgmamba::nn
