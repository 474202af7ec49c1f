// SPDX-License-Identifier: MIT
#include "video_objective.hpp"

#include <torch/torch.h>

#include "stgmamba/losses/flow.hpp"
#include "stgmamba/losses/image.hpp"
#include "stgmamba/nn/image_blocks.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/random.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "autocast.hpp"
#include "frozen.hpp"

namespace stgmamba::train {

namespace {

constexpr std::int64_t kTriplet = 3;  // frames a temporal discriminator sees

void add_term(StageLoss& loss, const std::string& name, double weight, const torch::Tensor& value) {
  loss.parts[name] = value.item<double>();
  const torch::Tensor term = weight * value;
  loss.total = loss.total.defined() ? loss.total + term : term;
}

/// Overlapping triplets of neighbouring frames: [B, F, C, H, W] -> [B (F-2), 3, C, H, W].
torch::Tensor triplets(const torch::Tensor& frames, std::int64_t length) {
  std::vector<torch::Tensor> groups;
  for (std::int64_t f = 0; f + length <= frames.size(1); ++f) {
    groups.push_back(frames.narrow(1, f, length));
  }
  return torch::cat(groups);
}

/// Poses [N, ...] as N clips of one frame.
models::Poses single(const torch::Tensor& maps, const torch::Tensor& joints) {
  return {maps.unsqueeze(1), joints.defined() ? joints.unsqueeze(1) : joints};
}

std::shared_ptr<models::Vgg19> load_vgg(const std::string& path, torch::Device device) {
  auto net = std::make_shared<models::Vgg19>();
  weights::load_module(path, *net, {weights::NameMap::load("vgg19"), {}});
  net->to(device);
  net->eval();
  return net;
}

}  // namespace

void read(config::Section section, VideoAdversaryConfig& config) {
  read(section, config.network);
  section.read("cond_ref", config.cond_ref);
}

losses::NeighbourLoss consistency(models::VideoGenerator& generator, const FilmTensors& film,
                                  const torch::Tensor& frames) {
  const torch::NoGradGuard no_grad;
  const losses::NeighbourConfig both;
  const losses::NeighbourPairs pairs = losses::neighbour_pairs(both, frames, {}, film.poses, film.joints);
  torch::Tensor again;
  if (pairs.condition.defined()) {
    again =
        generator.render({pairs.condition, pairs.condition_joints}, single(pairs.pose, pairs.pose_joints)).squeeze(1);
  }
  return losses::neighbour_loss(both, pairs, frames, again);
}

VideoObjective::VideoObjective(const losses::VideoObjectiveConfig& loss, const VideoAdversaryConfig& adversary,
                               std::uint64_t seed, torch::Device device)
    : loss_(loss), adversary_(adversary), device_(device) {
  const auto make = [&](const char* name, std::int64_t channels) {
    models::PatchDiscriminatorConfig config = adversary_.network;
    config.channels = channels;
    torch::manual_seed(util::Random(seed, name).bits());
    auto net = std::make_shared<models::PatchDiscriminator>(config);
    nn::init_image_network(*net);
    net->to(device);
    return net;
  };
  if (losses::needs_image_discriminator(loss_)) {
    image_ = make("d_image", adversary_.pose_channels + 3 + (adversary_.cond_ref ? 3 : 0));
  }
  if (losses::needs_temporal_discriminator(loss_)) {
    temporal_ = make("d_temporal", kTriplet * 3 + (loss_.warp > 0 ? 4 : 0));
  }
  if (loss_.vgg > 0 && !loss_.vgg_weights.empty()) {
    vgg_ = load_vgg(loss_.vgg_weights, device);
    vgg_hash_ = util::hash_file(loss_.vgg_weights);
  }
}

torch::Tensor VideoObjective::render(models::VideoGenerator& generator, const models::Photo& photo,
                                     const models::Poses& poses) const {
  const Autocast scope(device_.type(), adversary_.bf16);
  return generator.render(photo, poses).to(torch::kFloat32);
}

/// The generator's answers to single pairs: [N, 3, H, W].
torch::Tensor VideoObjective::render_pairs(models::VideoGenerator& generator,
                                           const losses::NeighbourPairs& pairs) const {
  return render(generator, {pairs.condition, pairs.condition_joints}, single(pairs.pose, pairs.pose_joints)).squeeze(1);
}

models::ScaleFeatures VideoObjective::judge(models::PatchDiscriminator& net, const torch::Tensor& x) const {
  const Autocast scope(device_.type(), adversary_.bf16);
  models::ScaleFeatures features = net.forward(x);
  for (std::vector<torch::Tensor>& stages : features) {
    for (torch::Tensor& stage : stages) {
      stage = stage.to(torch::kFloat32);
    }
  }
  return features;
}

/// Least squares and feature matching on one discriminator. What it answers to the real side carries no gradient.
void VideoObjective::add_adversary(models::PatchDiscriminator& net, const torch::Tensor& fake,
                                   const torch::Tensor& real, double gan, double matching, const std::string& suffix,
                                   StageLoss& loss) const {
  const Frozen frozen(net);
  const models::ScaleFeatures answers = judge(net, fake);
  if (gan > 0) {
    add_term(loss, "gan" + suffix, gan, losses::image_generator_loss(answers));
  }
  if (matching > 0) {
    models::ScaleFeatures wanted;
    {
      const torch::NoGradGuard no_grad;
      wanted = judge(net, real);
    }
    add_term(loss, "feature_matching" + suffix, matching, losses::image_feature_loss(answers, wanted));
  }
}

StageLoss VideoObjective::adversary_loss(models::PatchDiscriminator& net, const torch::Tensor& real,
                                         const torch::Tensor& fake) const {
  const models::ScaleFeatures truth = judge(net, real), made = judge(net, fake);
  StageLoss loss{losses::image_discriminator_loss(truth, made), {}};
  double score_real = 0, score_fake = 0;
  for (std::size_t scale = 0; scale < truth.size(); ++scale) {
    score_real += truth[scale].back().mean().item<double>() / static_cast<double>(truth.size());
    score_fake += made[scale].back().mean().item<double>() / static_cast<double>(truth.size());
  }
  loss.parts = {{"score_real", score_real}, {"score_fake", score_fake}};
  return loss;
}

/// Pose map and picture, and with cond_ref the photo: [B F, P + 3 (+ 3), H, W].
torch::Tensor VideoObjective::image_input(const FilmTensors& film, const torch::Tensor& frames) const {
  std::vector<torch::Tensor> channels = {film.poses, frames};
  if (adversary_.cond_ref) {
    channels.push_back(film.photo.unsqueeze(1).expand_as(frames));
  }
  return torch::cat(channels, 2).flatten(0, 1);
}

/// Triplets of frames, with the teacher's flows where there is one: [B (F-2), 9 or 13, H, W].
torch::Tensor VideoObjective::temporal_input(const FilmTensors& film, const torch::Tensor& frames) const {
  return models::temporal_input(triplets(frames, kTriplet),
                                film.flow.defined() ? triplets(film.flow, kTriplet - 1) : torch::Tensor());
}

StageLoss VideoObjective::generator_loss(models::VideoGenerator& generator, const FilmTensors& film, const Turn& turn) {
  if (turn.part == 0) {
    memory_.clear();
  }
  const torch::Tensor frames = render(generator, film.given(), film.asked());  // [B, F, 3, H, W]
  memory_.push_back({film, frames.detach()});
  StageLoss loss;
  add_term(loss, "l1", loss_.l1, (frames - film.real).abs().mean());
  add_neighbours(generator, film, frames, turn, loss);
  if (loss_.control > 0 && frames.size(1) > 1) {
    add_control(generator, film, turn, loss);
  }
  if (image_) {
    add_image_terms(film, frames, loss);
  }
  if (vgg_) {
    add_vgg(film, frames, loss);
  }
  if (film.flow.defined() && frames.size(1) > 1) {
    add_warp(film, frames, loss);
  }
  if (temporal_) {
    add_temporal_terms(film, frames, loss);
  }
  return loss;
}

void VideoObjective::add_neighbours(models::VideoGenerator& generator, const FilmTensors& film,
                                    const torch::Tensor& frames, const Turn& turn, StageLoss& loss) const {
  const losses::NeighbourConfig& config = loss_.neighbours;
  if (turn.diagnose) {  // both, whatever counts
    const losses::NeighbourLoss seen = consistency(generator, film, frames);
    loss.parts["fsr"] = seen.fsr.item<double>();
    loss.parts["bsr"] = seen.bsr.item<double>();
  }
  if (!turn.neighbours || config.fsr + config.bsr <= 0) {
    return;
  }
  const losses::NeighbourPairs pairs = losses::neighbour_pairs(config, frames, film.real, film.poses, film.joints);
  const losses::NeighbourLoss value = losses::neighbour_loss(
      config, pairs, frames, pairs.condition.defined() ? render_pairs(generator, pairs) : torch::Tensor());
  loss.total = loss.total + value.total;
  if (config.fsr > 0) {
    loss.parts["fsr"] = value.fsr.item<double>();
  }
  if (config.bsr > 0) {
    loss.parts["bsr"] = value.bsr.item<double>();
  }
}

void VideoObjective::add_control(models::VideoGenerator& generator, const FilmTensors& film, const Turn& turn,
                                 StageLoss& loss) const {
  const std::int64_t count = film.real.size(1);
  std::vector<torch::Tensor> conditions, poses, wanted, from, to;
  for (const std::int64_t first : {std::int64_t{1}, std::int64_t{0}}) {  // targets 2..F, then 1..F-1
    for (std::int64_t b = 0; b < film.real.size(0); ++b) {
      util::Random random(turn.seed, "video.control",
                          static_cast<std::uint64_t>(turn.sample[static_cast<std::size_t>(b)]),
                          static_cast<std::uint64_t>(first));
      for (std::int64_t f = first; f < first + count - 1; ++f) {
        const std::int64_t other = (f + 1 + random.integer(count)) % (count + 1);  // of F + 1 frames, but not f
        conditions.push_back(other == count ? film.photo[b] : film.real[b][other]);
        poses.push_back(film.poses[b][f]);
        wanted.push_back(film.real[b][f]);
        if (film.joints.defined()) {
          from.push_back(other == count ? film.photo_joints[b] : film.joints[b][other]);
          to.push_back(film.joints[b][f]);
        }
      }
    }
  }
  const auto stacked = [](const std::vector<torch::Tensor>& all) {
    return all.empty() ? torch::Tensor() : torch::stack(all);
  };
  const torch::Tensor made =
      render(generator, {stacked(conditions), stacked(from)}, single(stacked(poses), stacked(to))).squeeze(1);
  // Both halves are equally large, so twice the mean of all is the sum of their means.
  add_term(loss, "control", loss_.control, 2.0 * (made - torch::stack(wanted)).abs().mean());
}

void VideoObjective::add_image_terms(const FilmTensors& film, const torch::Tensor& frames, StageLoss& loss) {
  add_adversary(*image_, image_input(film, frames), image_input(film, film.real), loss_.gan, loss_.feature_matching, "",
                loss);
}

void VideoObjective::add_vgg(const FilmTensors& film, const torch::Tensor& frames, StageLoss& loss) {
  std::vector<torch::Tensor> wanted;
  {
    const torch::NoGradGuard no_grad;
    wanted = vgg_->forward(film.real.flatten(0, 1));
  }
  add_term(loss, "vgg", loss_.vgg, losses::vgg_loss(vgg_->forward(frames.flatten(0, 1)), wanted));
}

void VideoObjective::add_warp(const FilmTensors& film, const torch::Tensor& frames, StageLoss& loss) const {
  const std::int64_t pairs = frames.size(1) - 1;
  add_term(loss, "warp", loss_.warp,
           losses::warp_loss(frames.narrow(1, 1, pairs).flatten(0, 1), frames.narrow(1, 0, pairs).flatten(0, 1),
                             film.flow.flatten(0, 1), film.confidence.flatten(0, 1)));
}

void VideoObjective::add_temporal_terms(const FilmTensors& film, const torch::Tensor& frames, StageLoss& loss) {
  add_adversary(*temporal_, temporal_input(film, frames), temporal_input(film, film.real), loss_.temporal,
                loss_.temporal_feature_matching, "_temporal", loss);
}

StageLoss VideoObjective::image_loss(std::int64_t part) {
  const Memory& memory = memory_.at(static_cast<std::size_t>(part));
  return adversary_loss(*image_, image_input(memory.film, memory.film.real), image_input(memory.film, memory.frames));
}

StageLoss VideoObjective::temporal_loss(std::int64_t part) {
  const Memory& memory = memory_.at(static_cast<std::size_t>(part));
  return adversary_loss(*temporal_, temporal_input(memory.film, memory.film.real),
                        temporal_input(memory.film, memory.frames));
}

}  // namespace stgmamba::train
