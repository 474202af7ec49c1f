// SPDX-License-Identifier: MIT
#include "stgmamba/nn/stgm_block.hpp"

#include "stgmamba/nn/module_calls.hpp"
#include "stgmamba/ops/gated_norm.hpp"
#include "stgmamba/ops/linear.hpp"
#include "stgmamba/skeleton/layout.hpp"

namespace stgmamba::nn {
namespace {

torch::nn::Sequential make_mlp(std::int64_t in, std::int64_t out, int layers) {
  torch::nn::Sequential mlp{torch::nn::Linear(in, out)};
  if (layers == 2) {
    mlp->push_back(torch::nn::SiLU());
    mlp->push_back(torch::nn::Linear(out, out));
  }
  return mlp;
}

torch::Tensor run_mlp(torch::nn::Sequential& mlp, const torch::Tensor& x, ops::ScanBackend backend) {
  const torch::Tensor first = call(mlp->ptr<torch::nn::LinearImpl>(0), x, backend);
  return mlp->size() == 1 ? first : call(mlp->ptr<torch::nn::LinearImpl>(2), torch::silu(first), backend);
}

std::vector<std::int64_t> joint_order(const std::string& name) {
  if (name == "openpose") {
    return {};
  }
  const auto& order = skeleton::kinematic_order();
  return {order.begin(), order.end()};
}

}  // namespace

void read(config::Section section, StgmBlockConfig& config) {
  section.read("d", config.d, {.min = 1, .max = 4096});
  section.read("expand", config.expand, {.min = 1, .max = 16});
  section.read("d_state", config.d_state, {.min = 1, .max = 256});
  section.read("mlp", config.mlp, {.min = 1, .max = 2});
  section.read("gate", config.gate, {"shared", "per_branch"});
  section.read("spatial", config.spatial);
  section.read("forward", config.forward);
  section.read("backward", config.backward);
  section.read("spatial_direction", config.spatial_direction, {"alternate", "forward", "both"});
  section.read("joint_order", config.joint_order, {"kinematic", "openpose"});
  section.read("temporal_scan", config.temporal_scan, {"per_joint", "flattened"});
  section.read("out_mlp", config.out_mlp, {"shared", "per_branch"});
  section.read("residual", config.residual);
  section.section("scan").read("backend", config.backend, {"auto", "reference", "cpu", "cuda"});
  read(section.section("graph"), config.graph);
}

StgmBlockImpl::StgmBlockImpl(const StgmBlockConfig& config, std::int64_t index) : config_(config), index_(index) {
  const std::int64_t width = config.expand * config.d;  // D
  const std::pair<const char*, bool> switches[] = {
      {"spatial", config.spatial}, {"forward", config.forward}, {"backward", config.backward}};
  for (const auto& [name, on] : switches) {
    if (on) {
      names_.emplace_back(name);
    }
  }
  const bool scans = !names_.empty();
  if (!scans) {
    names_.emplace_back("plain");
  }
  norm_ = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({config.d})));
  in_mlp_ = register_module("in_mlp", make_mlp(config.d, width, config.mlp));
  const bool gate_each = scans && config.gate == "per_branch";
  for (const std::string& name : gate_each ? names_ : std::vector<std::string>{""}) {
    gates_.push_back(
        register_module(name.empty() ? "gate_mlp" : "gate_mlp_" + name, make_mlp(config.d, width, config.mlp)));
  }
  graph_conv_ = register_module("graph_conv", GraphConv(config.graph, width));
  for (const std::string& name : names_) {
    if (scans) {
      ssms_.emplace(name, register_module(name, Ssm(config.d, width, config.d_state)));
    }
    norms_.push_back(register_module(name + "_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}))));
  }
  const bool out_each = scans && config.out_mlp == "per_branch";
  for (const std::string& name : out_each ? names_ : std::vector<std::string>{""}) {
    out_mlps_.push_back(
        register_module(name.empty() ? "out_mlp" : "out_mlp_" + name, torch::nn::Linear(width, config.d)));
  }
}

std::vector<torch::Tensor> StgmBlockImpl::scan(const torch::Tensor& u, const torch::Tensor& selector) {
  if (ssms_.empty()) {
    return {u};
  }
  const ops::ScanBackend backend = ops::scan_backend_from_name(config_.backend);
  // One product for the projections of all branches: u is read once, and its gradient comes back in one product too.
  std::vector<torch::Tensor> projections;  // [rank + 2 N, D] a branch
  for (const std::string& name : names_) {
    projections.push_back(ssms_.at(name)->projection());
  }
  const std::vector<torch::Tensor> projected = ops::linear_rows(selector, torch::cat(projections, 0), {}, backend)
                                                   .chunk(static_cast<std::int64_t>(names_.size()), -1);
  // `both` runs the joints twice with shared weights; its two results are summed into one branch.
  std::vector<ops::ScanBranch> runs;
  std::vector<std::size_t> owner;  // which branch a run belongs to
  for (std::size_t i = 0; i < names_.size(); ++i) {
    ops::ScanBranch run = ssms_.at(names_[i])->branch(projected[i], backend);
    run.keep_last_state = false;
    if (names_[i] == "spatial") {
      run.axis = ops::ScanAxis::kJoints;
      run.order = joint_order(config_.joint_order);
      run.reverse = config_.spatial_direction == "alternate" && index_ % 2 == 1;
    } else {
      const bool flattened = config_.temporal_scan == "flattened";
      run.axis = flattened ? ops::ScanAxis::kNodes : ops::ScanAxis::kFrames;
      run.order = flattened ? joint_order(config_.joint_order) : std::vector<std::int64_t>{};
      run.reverse = names_[i] == "backward";
    }
    const bool both = names_[i] == "spatial" && config_.spatial_direction == "both";
    runs.push_back(run);
    owner.push_back(i);
    if (both) {
      run.reverse = true;
      runs.push_back(run);
      owner.push_back(i);
    }
  }
  const auto outputs = ops::selective_scan(u, runs, backend);
  std::vector<torch::Tensor> branches(names_.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    torch::Tensor& sum = branches[owner[i]];
    sum = sum.defined() ? sum + outputs[i].y : outputs[i].y;
  }
  return branches;
}

torch::Tensor StgmBlockImpl::combine(const std::vector<torch::Tensor>& branches, const torch::Tensor& x) {
  const ops::ScanBackend backend = ops::scan_backend_from_name(config_.backend);
  std::vector<torch::Tensor> gates;
  for (auto& gate : gates_) {
    gates.push_back(run_mlp(gate, x, backend));  // [B, F, V, D], before silu
  }
  std::vector<ops::GatedNormBranch> normed;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    normed.push_back({branches[i], norms_[i]->weight, norms_[i]->bias});
  }
  const double epsilon = norms_[0]->options.eps();
  if (out_mlps_.size() == 1) {
    return call(out_mlps_[0], ops::gated_norm(normed, gates, epsilon, backend), backend);  // [B, F, V, d]
  }
  torch::Tensor total;
  for (std::size_t i = 0; i < normed.size(); ++i) {
    const torch::Tensor y = ops::gated_norm({normed[i]}, {gates[gates.size() == 1 ? 0 : i]}, epsilon, backend);
    const torch::Tensor out = call(out_mlps_[i], y, backend);  // [B, F, V, d]
    total = total.defined() ? total + out : out;
  }
  return total;
}

torch::Tensor StgmBlockImpl::inner(const torch::Tensor& x) {
  const ops::ScanBackend backend = ops::scan_backend_from_name(config_.backend);
  return graph_conv_->activated(run_mlp(in_mlp_, x, backend), backend);
}

torch::Tensor StgmBlockImpl::forward(const torch::Tensor& z) {
  const torch::Tensor x = norm_->forward(z);       // [B, F, V, d]
  const torch::Tensor u = inner(x);                // [B, F, V, D]
  const torch::Tensor y = combine(scan(u, u), x);  // [B, F, V, d]
  return config_.residual ? z + y : y;
}

StgmBlockImpl::ScansAlone StgmBlockImpl::scans_alone(const torch::Tensor& z) {
  ScansAlone alone;
  alone.u = inner(norm_->forward(z)).detach().requires_grad_();
  for (const torch::Tensor& branch : scan(alone.u, alone.u.detach())) {
    alone.y = alone.y.defined() ? alone.y + branch : branch;
  }
  return alone;
}

}  // namespace stgmamba::nn
