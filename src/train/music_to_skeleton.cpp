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

#include "dance_scores.hpp"

namespace stgmamba::train {

namespace fs = std::filesystem;

namespace {

/// Evaluation mode for a scope: dropout and batch statistics off, and back as it was.
class EvalMode {
 public:
  explicit EvalMode(torch::nn::Module& module) : module_(module), was_training_(module.is_training()) {
    module_.eval();
  }
  ~EvalMode() { module_.train(was_training_); }
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  torch::nn::Module& module_;
  bool was_training_;
  torch::NoGradGuard no_grad_;
};

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

}  // namespace

void read(config::Section section, EvalConfig& config) {
  section.read("split", config.split);
  section.read("windows_per_take", config.windows_per_take, {.min = 0});
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
  losses::read(root.section("loss"), loss_);
  read(root.section("optim"), optim);
  read(root.section("schedule"), schedule);
  read(root.section("eval"), eval_);
  generator_ = models::make_generator(root.section("model"), seed);
  generator_.network->to(device_);
  generator_.network->train();
  add_network("generator", generator_.network);
  add_optimiser("generator", std::make_shared<Optimiser>(*generator_.network, optim, schedule));
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
  songs_.clear();
  for (const data::TakeInfo& take : dataset.split(eval_.split, config.styles)) {
    songs_[take.id] = take.song.empty() ? take.source : take.song;
  }
}

StageLoss MusicToSkeleton::stage_loss(const Stage&, const data::Batch& batch, const StepContext& context) {
  const BatchTensors tensors = to_tensors(batch, device_);
  const torch::Tensor noise = models::sample_noise(generator_.noise, context.seed, "train", batch.sample, batch.frames,
                                                   loss_.best_of_k.k)
                                  .to(device_);                                        // [K * B, F, 10]
  const torch::Tensor music = tensors.music(generator_.music.features);                // [B, F, 1600 or n]
  torch::Tensor tokens = generator_.network->encode(music);                            // [B, F, 256]
  tokens = loss_.best_of_k.k > 1 ? tokens.repeat({loss_.best_of_k.k, 1, 1}) : tokens;  // [K * B, F, 256]
  const torch::Tensor pose = generator_.network->decode(tokens, noise);                // [K * B, F, V, 2]
  const losses::PoseLoss loss = losses::pose_loss(loss_, pose, tensors.pose, tensors.score);
  StageLoss result{loss.total, {{"l1", loss.l1.item<double>()}}};
  if (loss_.best_of_k.k > 1) {
    result.parts["best"] = loss.best.item<double>();
  }
  if (loss.energy.defined()) {
    result.parts["energy"] = loss.energy.item<double>();
  }
  if (loss.velocity.defined()) {
    result.parts["velocity"] = loss.velocity.item<double>();
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
  return generator_.network->forward(to_tensors(batch, device_).music(generator_.music.features), noise)
      .to(torch::kCPU);  // [B, F, V, 2]
}

std::vector<std::string> MusicToSkeleton::validation_metrics() const {
  return {"val/l1", "val/l1_ratio", "val/speed_ratio",     "val/jerk_ratio",
          "val/bc", "val/bc_star",  "val/bc_star_swapped", "val/bc_star_real"};
}

std::optional<Scalars> MusicToSkeleton::validate(const StopCheck& stop) {
  const EvalMode mode(*generator_.network);
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
  const EvalMode mode(*generator_.network);
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
  return {{"median_pose", median_pose_}};
}

void MusicToSkeleton::set_extra_state(const io::Json& state) {
  median_pose_ = state.at("median_pose").get<std::vector<float>>();
  if (median_pose_.size() != static_cast<std::size_t>(skeleton::kJoints) * 2) {
    throw CheckpointError("state.json: task.median_pose must hold {} numbers, got {}", skeleton::kJoints * 2,
                          median_pose_.size());
  }
}

}  // namespace stgmamba::train
