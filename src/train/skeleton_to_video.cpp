// SPDX-License-Identifier: MIT
#include "stgmamba/train/skeleton_to_video.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/skeleton/pose_map.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"

#include "eval_mode.hpp"
#include "video_objective.hpp"
#include "video_samples.hpp"
#include "weights_file.hpp"

namespace stgmamba::train {

namespace fs = std::filesystem;

namespace {

void check_frames(const config::Section& root, std::int64_t frames, const losses::VideoObjectiveConfig& loss) {
  constexpr std::int64_t kTriplet = 3;
  if (losses::needs_temporal_discriminator(loss) && frames < kTriplet) {
    throw ConfigError("{}: 'data.frames' must be at least {} for the temporal discriminator, got '{}'",
                      root.section("data").where("frames"), kTriplet, frames);
  }
}

/// What belongs to dances with music and would go unheard. At their defaults, as a run's own config.yaml has them, they
/// say nothing.
void check_keys(const config::Section& data, const data::DataConfig& config) {
  const data::DataConfig usual;
  for (const auto& [key, changed] :
       {std::pair{"augment", config.augment != usual.augment}, {"beats", config.beats != usual.beats}}) {
    if (changed) {
      throw ConfigError("{}: 'data.{}' must not be set for task skeleton_to_video, which hears no music",
                        data.where(key), key);
    }
  }
}

/// The network's pose channels follow from the maps, and must not be told otherwise.
std::int64_t pose_channels(config::Section model, const data::FilmConfig& film) {
  const std::int64_t channels = skeleton::pose_map_channels(skeleton::pose_map_kind(film.pose_map));
  std::int64_t said = 3;
  model.read("pose_channels", said, {.min = 1, .max = 64});
  if (said != channels) {
    throw ConfigError("{}: 'model.pose_channels' must be {} for data.pose_map '{}', got '{}'",
                      model.where("pose_channels"), channels, film.pose_map, said);
  }
  return channels;
}

/// One black picture through the network, so that a size it cannot halve often enough is said before a run begins.
void try_out(const config::Section& data, models::VideoGenerator& network, std::int64_t size, std::int64_t channels) {
  const torch::NoGradGuard no_grad;
  const auto options = torch::TensorOptions().device(network.parameters().front().device());
  try {
    const torch::Tensor made = network.render(
        {torch::zeros({1, 3, size, size}, options), torch::zeros({1, skeleton::kJoints, 3}, options)},
        {torch::zeros({1, 1, channels, size, size}, options), torch::zeros({1, 1, skeleton::kJoints, 3}, options)});
    if (made.size(3) == size) {
      return;
    }
  } catch (const BugError&) {  // said below in the user's terms
  } catch (const c10::Error&) {
  }
  throw ConfigError(
      "{}: 'data.size' must be a multiple of 2 to the network's number of halvings (model.downs), and more "
      "than a pixel behind them, got '{}'",
      data.where("size"), size);
}

}  // namespace

SkeletonToVideo::SkeletonToVideo(const config::Section& root, std::uint64_t seed, torch::Device device)
    : device_(device) {
  OptimConfig optim;
  ScheduleConfig schedule;
  VideoAdversaryConfig adversary;
  data::DataConfig data;
  data::read(root.section("data"), data);
  check_keys(root.section("data"), data);
  data::read(root.section("data"), film_);
  losses::read(root.section("loss"), loss_);
  read(root.section("discriminator"), adversary);
  read(root.section("optim"), optim);
  read(root.section("schedule"), schedule);
  read(root.section("eval"), eval_);
  config::Section training = root.section("train");
  std::string precision = "fp32";
  training.read("micro_batch", micro_batch_, {.min = 0});
  training.read("precision", precision, {"fp32", "bf16"});
  adversary.bf16 = precision == "bf16";
  check_frames(root, data.frames, loss_);
  film_.flow = loss_.warp > 0 && data.frames > 1;
  adversary.pose_channels = pose_channels(root.section("model"), film_);

  const auto add = [&](const char* name, const std::shared_ptr<torch::nn::Module>& network) {
    network->train();
    add_network(name, network);
    add_optimiser(name, std::make_shared<Optimiser>(*network, optim, schedule));
  };
  generator_ = models::make_video_generator(root.section("model"), seed);
  generator_->to(device_);
  try_out(root.section("data"), *generator_, film_.size, adversary.pose_channels);
  add("generator", generator_);
  objective_ = std::make_unique<VideoObjective>(loss_, adversary, seed, device_);
  if (objective_->image()) {
    add("d_image", objective_->image());
  }
  if (objective_->temporal()) {
    add("d_temporal", objective_->temporal());
  }
}

SkeletonToVideo::~SkeletonToVideo() = default;

std::vector<Stage> SkeletonToVideo::stages() const {
  std::vector<Stage> stages;
  for (const auto& [name, network] : networks()) {  // added in the order of their turns
    stages.push_back({name, name});
  }
  return stages;
}

std::unique_ptr<data::BatchSource> SkeletonToVideo::training_source(data::Dataset& dataset,
                                                                    const data::DataConfig& config,
                                                                    std::uint64_t seed) {
  std::unique_ptr<data::BatchSource> source = data::film_source(dataset, config, film_, "train", seed);
  steps_per_epoch_ = std::max<std::int64_t>(1, source->batches_per_epoch());
  return source;
}

void SkeletonToVideo::prepare(const data::Dataset& dataset, const data::DataConfig& config, bool /*fresh*/) {
  if (!vgg_expected_.empty() && objective_->vgg_hash() != vgg_expected_) {
    throw CheckpointError(
        "{}: is not the VGG19 this run began with; bring that one back, or start under another --run-name",
        loss_.vgg_weights);
  }
  if (loss_.vgg > 0 && loss_.vgg_weights.empty()) {  // said here, where the run's log is open
    util::log().warn(
        "loss.vgg is off: it needs torchvision's VGG19, which is yours to bring as loss.vgg_weights=FILE; loss.vgg=0 "
        "says that you know");
  }
  framing_ = data::usual_framing(dataset.split("train", config.styles));
  data::FilmConfig still = film_;
  still.flow = false;
  constexpr std::int64_t kCache = 256;  // MB: held-out films are seen now and then, the training cache is another
  data::DataConfig seldom = config;
  seldom.cache_mb = std::min(config.cache_mb, kCache);
  held_out_ = data::film_evaluation(dataset, seldom, still, eval_.split, eval_.windows_per_take);
  shown_ = data::film_evaluation(dataset, seldom, still, eval_.split, 0);
  for (const data::TakeInfo& take : dataset.takes()) {
    rates_[take.id] = take.fps;
  }
}

void SkeletonToVideo::load_weights(const fs::path& from, const weights::LoadOptions& options) {
  const fs::path state = weights_file(from, networks().front().first).parent_path() / "state.json";
  if (fs::exists(state)) {
    const io::Json task = io::read_json(state).value("task", io::Json::object());
    if (task.contains("pose_map")) {
      skeleton::require_pose_map_version(task["pose_map"].value("version", 0), state.string());
    }
  }
  Task::load_weights(from, options);
}

StageLoss SkeletonToVideo::stage_loss(const Stage& stage, const data::Batch& batch, const StepContext& context) {
  if (stage.name == "d_image") {
    return objective_->image_loss(context.part);
  }
  if (stage.name == "d_temporal") {
    return objective_->temporal_loss(context.part);
  }
  Turn turn;
  turn.sample = batch.sample;
  turn.part = context.part;
  turn.seed = context.seed;
  turn.neighbours = context.step / steps_per_epoch_ >= loss_.neighbours.start_epoch;
  turn.diagnose = context.diagnose || context.step == 0;
  return objective_->generator_loss(*generator_, film_tensors(batch, device_), turn);
}

std::vector<std::string> SkeletonToVideo::validation_metrics() const {
  return {"val/l1", "val/l1_copy", "val/fsr", "val/bsr"};
}

std::optional<Scalars> SkeletonToVideo::validate(const StopCheck& stop) {
  const EvalMode mode(*generator_);
  Scalars sums;
  double windows = 0;
  for (std::int64_t i = 0; i < held_out_->batches_per_epoch(); ++i) {
    if (stop()) {
      return std::nullopt;
    }
    const data::Batch batch = held_out_->make(i);
    const FilmTensors film = film_tensors(batch, device_);
    const torch::Tensor frames = generator_->render(film.given(), film.asked());
    const auto weight = static_cast<double>(batch.size);
    const losses::NeighbourLoss apart = consistency(*generator_, film, frames);
    sums["val/fsr"] += weight * apart.fsr.item<double>();
    sums["val/bsr"] += weight * apart.bsr.item<double>();
    sums["val/l1"] += weight * (frames - film.real).abs().mean().item<double>();
    sums["val/l1_copy"] += weight * (film.photo.unsqueeze(1) - film.real).abs().mean().item<double>();
    windows += weight;
  }
  for (auto& [name, sum] : sums) {
    sum /= windows;
  }
  return sums;
}

bool SkeletonToVideo::sample(const fs::path& folder, std::int64_t count, const StopCheck& stop) {
  constexpr std::size_t kMostFrames = 100;
  const EvalMode mode(*generator_);
  std::map<std::string, std::vector<media::Image>> rows;  // take -> its pictures
  for (std::int64_t i = 0; i < shown_->batches_per_epoch(); ++i) {
    if (stop()) {
      return false;
    }
    const data::Batch batch = shown_->make(i);
    if (std::ssize(rows) >= count && rows.count(batch.take.front()) == 0) {
      break;  // windows come take by take
    }
    const FilmTensors film = film_tensors(batch, device_);
    const torch::Tensor frames = generator_->render(film.given(), film.asked());
    for (std::int64_t b = 0; b < batch.size; ++b) {
      const std::string& take = batch.take[static_cast<std::size_t>(b)];
      const bool wanted = rows.count(take) > 0 || std::ssize(rows) < count;
      for (std::int64_t f = 0; wanted && f < batch.frames && rows[take].size() < kMostFrames; ++f) {
        rows[take].push_back(sample_row(film.photo[b], film.poses[b][f], frames[b][f], film.real[b][f]));
      }
    }
  }
  for (const auto& [take, pictures] : rows) {
    write_samples(folder, take, pictures, rates_.at(take));
  }
  return true;
}

io::Json SkeletonToVideo::extra_state() const {
  io::Json state = {
      {"pose_map", {{"version", skeleton::kPoseMapVersion}, {"kind", film_.pose_map}, {"size", film_.size}}},
      {"framing", framing_}};
  if (!objective_->vgg_hash().empty()) {
    state["vgg"] = objective_->vgg_hash();
  }
  return state;
}

void SkeletonToVideo::set_extra_state(const io::Json& state) {
  skeleton::require_pose_map_version(state.at("pose_map").at("version").get<int>(),
                                     "state.json: task.pose_map.version");
  vgg_expected_ = state.value("vgg", "");
}

}  // namespace stgmamba::train
