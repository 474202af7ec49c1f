// SPDX-License-Identifier: MIT
#include "stgmamba/eval/dependence.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/eval/clip_maker.hpp"
#include "stgmamba/infer/hearing.hpp"
#include "stgmamba/infer/long_song.hpp"
#include "stgmamba/models/stg_mamba/generator.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::eval {

using infer::kWindowFrames;

namespace {

std::vector<Node> strongest(std::vector<Node> nodes, std::size_t count) {
  std::stable_sort(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) { return a.response > b.response; });
  nodes.resize(std::min(count, nodes.size()));
  return nodes;
}

models::StgMambaGenerator& blocks_of(const infer::MotionModel& model) {
  auto* generator = dynamic_cast<models::StgMambaGenerator*>(model.generator.network.get());
  if (generator == nullptr) {
    throw UsageError("--figure 9: the model must have STGM blocks (model.name: stg_mamba), got {}",
                     model.generator.name);
  }
  return *generator;
}

/// What the block reads while the model dances: Z_{block} [1, F, V, d], without a graph behind it.
torch::Tensor input_of(const infer::MotionModel& model, models::StgMambaGenerator& generator,
                       const std::vector<float>& samples, std::int64_t block, const DependenceOptions& options) {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor audio = infer::hear(model.generator.music, samples, 0);  // [1, F, r or n]
  const torch::Tensor noise =
      models::sample_noise(model.generator.noise, options.seed, "eval", {options.number}, kWindowFrames);  // [1, F, 10]
  const torch::Dtype dtype = generator.parameters().front().scalar_type();
  torch::Tensor z = generator.lift(generator.encode(audio.to(model.device, dtype)), noise.to(model.device, dtype));
  for (std::int64_t i = 0; i < block; ++i) {
    z = generator.block(i).forward(z);  // [1, F, V, d]
  }
  return z.detach();
}

/// [F, V]: Frobenius norms of the d x d pieces of the Jacobian, a backward pass a channel of the output.
torch::Tensor block_responses(nn::StgmBlockImpl& block, const torch::Tensor& input, std::int64_t frame, int joint) {
  const torch::Tensor z = input.clone().requires_grad_();
  const torch::Tensor out = block.forward(z)[0][frame][joint];  // [d]
  torch::Tensor squares = torch::zeros({z.size(1), z.size(2)}, z.options().requires_grad(false));
  for (std::int64_t c = 0; c < out.size(0); ++c) {
    const torch::Tensor gradient = torch::autograd::grad({out[c]}, {z}, {}, true)[0];  // [1, F, V, d]
    squares += gradient[0].square().sum(-1);
  }
  return squares.sqrt();
}

/// [F, V]. The scans run channel by channel, so one backward pass of the sum over channels keeps them apart.
torch::Tensor scan_responses(nn::StgmBlockImpl& block, const torch::Tensor& input, std::int64_t frame, int joint) {
  const nn::StgmBlockImpl::ScansAlone alone = block.scans_alone(input);
  const torch::Tensor gradient = torch::autograd::grad({alone.y[0][frame][joint].sum()}, {alone.u})[0];  // [1, F, V, D]
  return gradient[0].norm(2, -1);
}

}  // namespace

Response response_from_name(const std::string& name) {
  if (name != "block" && name != "scan") {
    throw UsageError("--response: must be block or scan, got '{}'", name);
  }
  return name == "block" ? Response::kBlock : Response::kScan;
}

std::vector<Node> Dependence::spatial(std::size_t count) const {
  std::vector<Node> nodes;
  for (int v = 0; v < skeleton::kJoints; ++v) {
    if (v != joint) {
      nodes.push_back({frame, v, at(frame, v)});
    }
  }
  return strongest(std::move(nodes), count);
}

std::vector<Node> Dependence::temporal(std::size_t count) const {
  std::vector<Node> nodes;
  for (std::int64_t f = 0; f < frames; ++f) {
    for (int v = 0; f != frame && v < skeleton::kJoints; ++v) {
      nodes.push_back({f, v, at(f, v)});
    }
  }
  return strongest(std::move(nodes), count);
}

Dependence node_dependence(const infer::MotionModel& model, const std::vector<float>& samples,
                           const DependenceOptions& options) {
  models::StgMambaGenerator& generator = blocks_of(model);
  Dependence result;
  result.frames = kWindowFrames;
  result.frame = options.frame;
  result.joint = options.joint;
  result.block = options.block < 0 ? generator.block_count() + options.block : options.block;
  if (result.block < 0 || result.block >= generator.block_count() || options.frame < 0 ||
      options.frame >= kWindowFrames || options.joint < 0 || options.joint >= skeleton::kJoints) {
    throw UsageError(
        "--figure 9: block, frame and joint must be under {}, {} and {} (a block may count from -1 down), got {}, {}, "
        "{}",
        generator.block_count(), kWindowFrames, skeleton::kJoints, options.block, options.frame, options.joint);
  }
  const torch::Tensor input = input_of(model, generator, samples, result.block, options);  // [1, F, V, d]
  nn::StgmBlockImpl& block = generator.block(result.block);
  const torch::AutoGradMode gradients(true);
  const torch::Tensor responses =
      (options.response == Response::kBlock ? block_responses(block, input, options.frame, options.joint)
                                            : scan_responses(block, input, options.frame, options.joint))
          .to(torch::kCPU, torch::kDouble)
          .contiguous();  // [F, V]
  const double* first = responses.const_data_ptr<double>();
  result.responses.assign(first, first + responses.numel());
  return result;
}

}  // namespace stgmamba::eval
