// SPDX-License-Identifier: MIT
#include "stgmamba/train/music_to_skeleton.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <torch/torch.h>

#include "stgmamba/media/video.hpp"
#include "stgmamba/skeleton/draw.hpp"
#include "stgmamba/train/tensors.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"

#include "beat_warm_up.hpp"
#include "dance_scores.hpp"
#include "eval_mode.hpp"
#include "objective.hpp"

namespace stgmamba::train {

namespace fs = std::filesystem;

namespace {

/// Window `index` of a batch as motion in pixels; `pose` [B, F, V, 2] normalised.
skeleton::Motion window_motion(const std::vector<float>& pose, std::int64_t index, std::int64_t frames) {
  skeleton::Motion motion(frames, data::kFps);
  const auto size = static_cast<std::ptrdiff_t>(frames * skeleton::kJoints * 2);
  const auto first = pose.begin() + index * size;
  motion.xy = skeleton::denormalise(std::vector<float>(first, first + size));
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  return motion;
}

std::vector<float> host_values(const torch::Tensor& tensor) {
  const torch::Tensor host = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  return {host.data_ptr<float>(), host.data_ptr<float>() + host.numel()};
}

float median_of(std::vector<float>& values) {
  if (values.empty()) {
    return 0.0F;
  }
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void write_clip(const fs::path& path, const skeleton::Motion& motion, const fs::path& sound) {
  constexpr int kRate = 30;  // cubic in time: ten frames a second look like stumbling
  const skeleton::Motion smooth = skeleton::resample(motion, kRate);
  media::VideoOptions options;
  options.rate = {kRate, 1};
  options.sound = sound;
  media::VideoWriter writer(path, options);
  for (std::int64_t frame = 0; frame < smooth.frames(); ++frame) {
    writer.write(skeleton::skeleton_image(smooth, frame));
  }
  writer.finish();
}

/// How hard each weighted term pulls: the norm of its gradient at the generated poses.
void measure_pulls(const std::vector<losses::Term>& terms, const torch::Tensor& pose, Scalars& parts) {
  for (const auto& [name, term] : terms) {
    const torch::Tensor pull = torch::autograd::grad({term}, {pose}, {}, /*retain_graph=*/true, /*create_graph=*/false,
                                                     /*allow_unused=*/true)[0];
    parts["pull_" + name] = pull.defined() ? pull.norm().item<double>() : 0.0;
  }
}

void check_frames(const config::Section& root, std::int64_t frames, const losses::ObjectiveConfig& loss) {
  if (losses::needs_sequence_discriminator(loss) && frames < models::kFewestFrames) {
    throw ConfigError("{}: 'data.frames' must be at least {} for the sequence discriminator, got '{}'",
                      root.section("data").where("frames"), models::kFewestFrames, frames);
  }
  constexpr std::int64_t kWindow = 5;
  if (losses::needs_frame_discriminator(loss) && frames < kWindow) {
    throw ConfigError("{}: 'data.frames' must be at least {} for the frame discriminator, got '{}'",
                      root.section("data").where("frames"), kWindow, frames);
  }
}

}  // namespace

void read(config::Section section, EvalConfig& config) {
  section.read("split", config.split);
  section.read("windows_per_take", config.windows_per_take, {.min = 0});
}

void read(config::Section section, AverageConfig& config) {
  section.read("ema", config.ema, {.min = 0, .max = 0.999999});
}

std::vector<float> median_pose(const data::Dataset& dataset, const data::DataConfig& config, std::int64_t max_takes) {
  const std::vector<data::TakeInfo> takes = dataset.split("train", config.styles);
  const auto count = static_cast<std::int64_t>(takes.size());
  std::vector<std::vector<float>> values(static_cast<std::size_t>(skeleton::kJoints) * 2);
  const std::int64_t used = std::min(count, max_takes);
  for (std::int64_t i = 0; i < used; ++i) {
    const data::Take take = dataset.load(takes[static_cast<std::size_t>(i * count / used)]);
    const skeleton::Motion motion = skeleton::resample(take.motion, data::kFps);
    const std::vector<float> pose = skeleton::normalise(motion.xy);
    for (std::size_t place = 0; place < pose.size(); ++place) {
      if (std::isfinite(pose[place])) {
        values[place % values.size()].push_back(pose[place]);
      }
    }
  }
  std::vector<float> median;
  median.reserve(values.size());
  for (std::vector<float>& joint : values) {
    median.push_back(median_of(joint));
  }
  return median;
}

MusicToSkeleton::MusicToSkeleton(const config::Section& root, std::uint64_t seed, torch::Device device)
    : seed_(seed), device_(device) {
  OptimConfig optim;
  ScheduleConfig schedule;
  AdversaryConfig adversary;
  AverageConfig average;
  AudioConfig audio;
  data::DataConfig data;
  read(root.section("train"), average);
  read(root.section("audio"), audio);
  init_steps_ = audio.init_steps;
  std::int64_t steps = 0;  // by epochs: seen at the first step
  root.section("train").read("steps", steps, {.min = 0});
  if (steps > 0 && steps <= init_steps_) {
    throw ConfigError("{}: 'audio.init_steps' must be less than train.steps, {}, got '{}'",
                      root.section("audio").where("init_steps"), steps, init_steps_);
  }
  losses::read(root.section("loss"), loss_);
  adversary.mismatched = loss_.preset == "ours";
  read(root.section("discriminator"), adversary);
  data::read(root.section("data"), data);
  read(root.section("optim"), optim);
  read(root.section("schedule"), schedule);
  read(root.section("eval"), eval_);
  check_frames(root, data.frames, loss_);
  generator_ = models::make_generator(root.section("model"), seed);
  generator_.network->to(device_);
  generator_.network->train();
  add_network("generator", generator_.network);
  add_optimiser("generator", std::make_shared<Optimiser>(*generator_.network, optim, schedule));
  dancer_ = generator_.network;
  if (average.ema > 0) {
    dancer_ = models::make_generator(root.section("model"), seed).network;
    dancer_->to(device_);
    add_average("generator", dancer_, average.ema);
  }

  objective_ = std::make_unique<Objective>(loss_, adversary, data.frames, seed, device_);
  const auto add = [&](const char* name, const std::shared_ptr<torch::nn::Module>& network, double rate) {
    optim.lr = rate;
    add_network(name, network);
    add_optimiser(name, std::make_shared<Optimiser>(*network, optim, schedule));
  };
  if (objective_->frame()) {
    add("d_frame", objective_->frame().ptr(), adversary.lr_frame);
  }
  if (objective_->sequence()) {
    add("d_seq", objective_->sequence().ptr(), adversary.lr_sequence);
  }
}

MusicToSkeleton::~MusicToSkeleton() = default;

std::vector<Stage> MusicToSkeleton::stages() const {
  std::vector<Stage> stages;
  for (const auto& [name, network] : networks()) {  // added in the order of their turns
    stages.push_back({name, name});
  }
  return stages;
}

void MusicToSkeleton::require_files() const {
  require_perceptual_weights(loss_.perceptual);
}

void MusicToSkeleton::prepare(const data::Dataset& dataset, const data::DataConfig& config, bool fresh) {
  if (median_pose_.empty()) {
    median_pose_ = median_pose(dataset, config);
  }
  if (fresh) {
    torch::NoGradGuard no_grad;
    generator_.network->set_median_pose(
        torch::tensor(median_pose_).view({skeleton::kJoints, 2}).to(device_));  // [V, 2]
  }
  const std::int64_t windows = eval_.windows_per_take > 0 ? eval_.windows_per_take : -1;
  held_out_ = data::evaluation_batches(dataset, config, eval_.split, windows);
  if (held_out_.empty()) {
    throw DataError("{}: split '{}' holds no window of {} frames to validate on; choose eval.split or add takes",
                    config.root, eval_.split, config.frames);
  }
  if (init_steps_ > 0 && std::all_of(held_out_.begin(), held_out_.end(), [](const data::Batch& batch) {
        return std::all_of(batch.beats.begin(), batch.beats.end(), [](const auto& beats) { return beats.empty(); });
      })) {
    throw DataError(
        "{}: audio.init beat_pretrained must have beats to learn, split '{}' has none; set audio.init=random",
        config.root, eval_.split);
  }
  songs_.clear();
  for (const data::TakeInfo& take : dataset.takes()) {
    songs_[take.id] = take.song.empty() ? take.source : take.song;
  }
  objective_->prepare(songs_, held_out_, perceptual_hash_);
  if (dancer_ != generator_.network) {
    util::log().info("train.ema: the moving average of the generator's weights is what validates and dances");
  }
}

StageLoss MusicToSkeleton::stage_loss(const Stage& stage, const data::Batch& batch, const StepContext& context) {
  if (context.total_steps <= init_steps_) {
    throw ConfigError("audio.init_steps: must be less than the run's {} steps, got {}; shorten it or set train.steps",
                      context.total_steps, init_steps_);
  }
  listening_ = context.step < init_steps_;
  if (listening_) {
    return stage.name == "generator" ? listening_loss(batch) : StageLoss{};
  }
  StepContext dancing = context;
  dancing.step -= init_steps_;
  if (stage.name == "d_frame") {
    return objective_->frame_loss(dancing.step);
  }
  if (stage.name == "d_seq") {
    return objective_->sequence_loss(batch, dancing);
  }
  return generator_loss(batch, dancing);
}

/// The steps before the dance, in which the music encoder learns where beats are.
StageLoss MusicToSkeleton::listening_loss(const data::Batch& batch) {
  const torch::Tensor music = to_tensors(batch, device_).music(generator_.music.features);  // [B, F, 1600 or n]
  const torch::Tensor tokens = generator_.network->encode(music);                           // [B, F, 256]
  const torch::Tensor targets = beat_targets(batch).to(device_);                            // [B, F]
  const torch::Tensor loss = beat_loss(tokens, targets);
  return {loss, {{"beat", loss.item<double>()}, {"beat_correlation", beat_correlation(tokens, targets)}}};
}

StageLoss MusicToSkeleton::generator_loss(const data::Batch& batch, const StepContext& context) {
  const BatchTensors tensors = to_tensors(batch, device_);
  const std::int64_t draws = loss_.pose.best_of_k.k;
  const torch::Tensor noise = models::sample_noise(generator_.noise, context.seed, "train", batch.sample, batch.frames,
                                                   draws)
                                  .to(device_);                          // [K * B, F, 10]
  const torch::Tensor music = tensors.music(generator_.music.features);  // [B, F, 1600 or n]
  torch::Tensor tokens = generator_.network->encode(music);              // [B, F, 256]
  tokens = draws > 1 ? tokens.repeat({draws, 1, 1}) : tokens;            // [K * B, F, 256]
  const torch::Tensor pose = generator_.network->decode(tokens, noise);  // [K * B, F, V, 2]
  losses::PoseLoss loss = losses::pose_loss(loss_.pose, pose, tensors.pose, tensors.score);
  StageLoss result{loss.total, {{"l1", loss.l1.item<double>()}}};
  if (draws > 1) {
    result.parts["best"] = loss.best.item<double>();
  }
  if (loss.energy.defined()) {
    result.parts["energy"] = loss.energy.item<double>();
  }
  if (loss.draws.total.defined()) {
    result.parts["energy_score"] = loss.draws.total.item<double>();
    result.parts["draw_distance"] = loss.draws.distance.item<double>();
    result.parts["draw_spread"] = loss.draws.spread.item<double>();
  }
  if (loss.velocity.defined()) {
    result.parts["velocity"] = loss.velocity.item<double>();
  }
  std::vector<losses::Term> terms = objective_->generator_terms(
      {tensors.audio, tensors.pose, pose.narrow(0, 0, batch.size), losses::winning_draws(pose, loss.winner)},
      context.step, result.parts);
  if (loss_.mode_seeking > 0) {
    const auto draw = [&batch](const torch::Tensor& values, std::int64_t k) {
      return values.narrow(0, k * batch.size, batch.size);
    };
    const torch::Tensor value = losses::mode_seeking_loss(draw(pose, 0), draw(pose, 1), draw(noise, 0), draw(noise, 1));
    result.parts["mode_seeking"] = value.item<double>();
    terms.emplace_back("mode_seeking", loss_.mode_seeking * value);
  }
  for (const auto& [name, term] : terms) {
    result.total = result.total + term;
  }
  if (context.diagnose) {
    terms.insert(terms.begin(), loss.terms.begin(), loss.terms.end());
    measure_pulls(terms, pose, result.parts);
  }
  return result;
}

torch::Tensor MusicToSkeleton::generate(const data::Batch& batch, std::int64_t first_sample) const {
  std::vector<std::int64_t> samples(static_cast<std::size_t>(batch.size));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = first_sample + static_cast<std::int64_t>(i);
  }
  const torch::Tensor noise =
      models::sample_noise(generator_.noise, seed_, "validation", samples, batch.frames).to(device_);
  return dancer_->forward(to_tensors(batch, device_).music(generator_.music.features), noise)
      .to(torch::kCPU);  // [B, F, V, 2]
}

std::vector<std::string> MusicToSkeleton::validation_metrics() const {
  return {"val/l1", "val/l1_ratio", "val/speed_ratio",     "val/jerk_ratio",
          "val/bc", "val/bc_star",  "val/bc_star_swapped", "val/bc_star_real"};
}

/// How well the encoder knows the held-out beats. None of validation_metrics(), so that no checkpoint of a network that
/// still stands in the median pose becomes the best.
Scalars MusicToSkeleton::validate_listening() {
  const EvalMode mode(*generator_.network);
  double sum = 0;
  for (const data::Batch& batch : held_out_) {
    const torch::Tensor music = to_tensors(batch, device_).music(generator_.music.features);
    sum += beat_correlation(generator_.network->encode(music), beat_targets(batch).to(device_));
  }
  return {{"val/beat_correlation", sum / static_cast<double>(held_out_.size())}};
}

std::optional<Scalars> MusicToSkeleton::validate(const StopCheck& stop) {
  if (listening_) {
    return validate_listening();
  }
  const EvalMode mode(*dancer_);
  const torch::Tensor median = torch::tensor(median_pose_).view({1, 1, skeleton::kJoints, 2});
  double error = 0, median_error = 0, seen = 0;
  DanceScores scores;
  std::int64_t first_sample = 0;
  for (const data::Batch& batch : held_out_) {
    if (stop()) {
      return std::nullopt;
    }
    const torch::Tensor pose = generate(batch, first_sample);  // [B, F, V, 2]
    first_sample += batch.size;
    const BatchTensors truth = to_tensors(batch, torch::kCPU);
    const torch::Tensor mask = truth.score.gt(0).to(torch::kFloat64).unsqueeze(3);  // [B, F, V, 1]
    error += ((pose - truth.pose).abs() * mask).sum().item<double>();
    median_error += ((median - truth.pose).abs() * mask).sum().item<double>();
    seen += 2.0 * mask.sum().item<double>();
    const std::vector<float> values = host_values(pose);
    for (std::int64_t i = 0; i < batch.size; ++i) {
      const auto at = static_cast<std::size_t>(i);
      scores.add({window_motion(values, i, batch.frames), window_motion(batch.pose, i, batch.frames), batch.beats[at],
                  songs_.at(batch.take[at])});
    }
  }
  Scalars scalars = scores.summary("val/");
  scalars["val/l1"] = error / std::max(1.0, seen);
  scalars["val/l1_ratio"] = median_error > 0 ? error / median_error : 0.0;
  return scalars;
}

bool MusicToSkeleton::sample(const fs::path& folder, std::int64_t count, const StopCheck& stop) {
  const EvalMode mode(*dancer_);
  std::set<std::string> shown;
  for (const data::Batch& batch : held_out_) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < batch.size; ++i) {
      const std::string& take = batch.take[static_cast<std::size_t>(i)];
      if (std::ssize(shown) >= count || !shown.insert(take).second) {
        continue;  // one clip a take
      }
      if (stop()) {
        return false;
      }
      if (values.empty()) {
        values = host_values(generate(batch, 0));
      }
      const auto length = static_cast<std::ptrdiff_t>(batch.frames * data::kSamplesPerFrame);
      const auto first = batch.audio.begin() + i * length;
      const fs::path sound = folder / (take + ".wav");
      media::write_wav(sound, {std::vector<float>(first, first + length), data::kSampleRate});
      write_clip(folder / (take + ".mp4"), window_motion(values, i, batch.frames), sound);
      fs::remove(sound);
    }
  }
  return true;
}

io::Json MusicToSkeleton::extra_state() const {
  io::Json state = {{"median_pose", median_pose_}};
  if (const std::string hash = objective_->perceptual_hash(); !hash.empty()) {
    state["perceptual"] = hash;
  }
  if (listening_) {
    state["listening"] = true;  // a resumed run may be asked to validate before its first step
  }
  return state;
}

void MusicToSkeleton::set_extra_state(const io::Json& state) {
  median_pose_ = state.at("median_pose").get<std::vector<float>>();
  perceptual_hash_ = state.value("perceptual", "");
  listening_ = state.value("listening", false);
  if (median_pose_.size() != static_cast<std::size_t>(skeleton::kJoints) * 2) {
    throw CheckpointError("state.json: task.median_pose must hold {} numbers, got {}", skeleton::kJoints * 2,
                          median_pose_.size());
  }
}

}  // namespace stgmamba::train
