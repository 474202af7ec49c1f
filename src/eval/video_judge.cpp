// SPDX-License-Identifier: MIT
#include "stgmamba/eval/video_judge.hpp"

#include <algorithm>
#include <limits>

#include <torch/torch.h>

#include "stgmamba/image_metrics/person.hpp"
#include "stgmamba/image_metrics/pixels.hpp"
#include "stgmamba/image_metrics/warping.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/random.hpp"
#include "stgmamba/util/stop.hpp"

namespace stgmamba::eval {

namespace {

namespace im = image_metrics;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Mean of the frames that have a value.
double mean_of(const at::Tensor& frames) {
  return frames.numel() == 0 ? kNan : frames.nanmean().item<double>();
}

/// The clip's poses in an order of their own: a function of the take alone.
VideoClip shuffled(const VideoClip& clip) {
  util::Random random(1, "shuffled skeletons/" + clip.take);
  const std::vector<std::int64_t> order = random.permutation(clip.motion.frames());
  VideoClip other = clip;
  for (std::int64_t frame = 0; frame < clip.motion.frames(); ++frame) {
    const skeleton::Motion pose = skeleton::slice(clip.motion, order[static_cast<std::size_t>(frame)], 1);
    std::copy(pose.xy.begin(), pose.xy.end(), other.motion.xy.begin() + frame * 2 * skeleton::kJoints);
    std::copy(pose.score.begin(), pose.score.end(), other.motion.score.begin() + frame * skeleton::kJoints);
  }
  return other;
}

at::Tensor colours_of(const at::Tensor& frames, const VideoClip& clip) {
  return im::mean_colours(im::limb_colours(frames, in_picture(clip.motion, clip.placement)));
}

}  // namespace

struct VideoJudge::Impl {
  std::vector<std::string> columns;
  std::map<std::string, im::FeatureNet> features;  // by column
  std::map<std::string, im::PairNet> pairs;        // by column
  std::map<std::string, std::string> missing;      // column -> what to fetch
  mutable std::vector<at::Tensor> looks;           // [people] colours of the true frames
  mutable std::vector<ClipScores> real;

  bool wants(const std::string& column) const {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  }
  bool wants_consistency() const {
    return wants("consistency_forward") || wants("consistency_backward") || wants("consistency_both");
  }
  bool wants_rollout() const { return wants("rollout_forward") || wants("rollout_backward"); }
  void load(const im::MetricNets& nets, c10::Device device);
  void add_rows(const at::Tensor& frames, ClipScores& scores) const;
  void add_differences(const at::Tensor& frames, const VideoClip& clip, ClipScores& scores) const;
  /// Share of the other people whose colours are further from these frames' than `person`'s are.
  double nearer_own(const at::Tensor& colours, std::size_t person) const;
};

void VideoJudge::Impl::load(const im::MetricNets& nets, c10::Device device) {
  const auto feature = [&](const char* column, const char* key, const auto& make) {
    if (wants(column)) {
      missing[column] = nets.missing({key});
      if (auto net = make()) {
        features.emplace(column, std::move(*net));
      }
    }
  };
  using im::Resize;
  feature("fid", "inception", [&] { return nets.inception(Resize::kPt); });
  feature("kid", "inception", [&] { return nets.inception(Resize::kPt); });
  feature("fid_tf", "inception", [&] { return nets.inception(Resize::kTf); });
  feature("fid_clean", "inception", [&] { return nets.inception(Resize::kClean); });
  feature("fvd", "i3d", [&] { return nets.i3d(); });
  const auto pair = [&](const char* column, const std::vector<std::string>& keys, const auto& make) {
    if (wants(column)) {
      missing[column] = nets.missing(keys);
      if (auto net = make()) {
        pairs.emplace(column, std::move(*net));
      }
    }
  };
  pair("lpips", {"alexnet", "lpips_alex"}, [&] { return nets.lpips_alex(); });
  pair("lpips_vgg", {"vgg16", "lpips_vgg"}, [&] { return nets.lpips_vgg(); });
  if (wants("fd_random")) {
    features.emplace("fd_random", im::random_alexnet(device));
  }
}

void VideoJudge::Impl::add_rows(const at::Tensor& frames, ClipScores& scores) const {
  for (const auto& [column, net] : features) {
    if (column == "kid" && features.contains("fid")) {
      scores.rows[column] = scores.rows.at("fid");  // the same network behind the same resize
    } else if (column == "fvd") {
      scores.rows[column] = frames.size(0) < kFvdFrames ? torch::empty({0, 1}, torch::kFloat)
                                                        : net.rows(frames.narrow(0, 0, kFvdFrames).unsqueeze(0));
    } else {
      scores.rows[column] = net.rows(frames);
    }
  }
  if (wants("warp")) {
    scores.value["warp"] = mean_of(im::warping_error(frames));
  }
}

void VideoJudge::Impl::add_differences(const at::Tensor& frames, const VideoClip& clip, ClipScores& scores) const {
  const auto put = [&](const std::string& column, const auto& measure) {
    if (wants(column)) {
      scores.value[column] = mean_of(measure());
    }
  };
  put("l1", [&] { return im::l1(frames, clip.truth); });
  put("psnr", [&] { return im::psnr(frames, clip.truth); });
  put("ssim", [&] { return im::ssim(frames, clip.truth); });
  if (wants("l1_person") || wants("psnr_person") || wants("ssim_person")) {
    const at::Tensor mask = im::person_mask(in_picture(clip.motion, clip.placement), frames.size(2), frames.size(3));
    put("l1_person", [&] { return im::l1(frames, clip.truth, mask); });
    put("psnr_person", [&] { return im::psnr(frames, clip.truth, mask); });
    put("ssim_person", [&] { return im::ssim(frames, clip.truth, mask); });
  }
  for (const auto& [column, net] : pairs) {
    scores.value[column] = mean_of(net.distance(frames, clip.truth));
  }
}

double VideoJudge::Impl::nearer_own(const at::Tensor& colours, std::size_t person) const {
  const double own = im::colour_distance(colours, looks[person]);
  double nearer = 0.0, others = 0.0;
  for (std::size_t other = 0; other < looks.size(); ++other) {
    if (other != person) {
      nearer += own < im::colour_distance(colours, looks[other]) ? 1.0 : 0.0;
      others += 1.0;
    }
  }
  return others > 0 ? nearer / others : kNan;
}

VideoJudge::VideoJudge(const VideoBed& bed, const im::MetricNets& nets, const std::vector<std::string>& columns,
                       c10::Device device)
    : bed_(bed), impl_(std::make_unique<Impl>()) {
  impl_->columns = columns;
  impl_->load(nets, device);
}

VideoJudge::~VideoJudge() = default;

const std::vector<ClipScores>& VideoJudge::real() const {
  if (!impl_->real.empty()) {
    return impl_->real;
  }
  std::vector<std::vector<at::Tensor>> colours(bed_.people().size());
  std::vector<at::Tensor> of_clip;
  for (std::size_t place = 0; place < bed_.places().size(); ++place) {
    const VideoClip clip = bed_.clip(place);
    ClipScores scores;
    impl_->add_rows(clip.truth, scores);
    of_clip.push_back(colours_of(clip.truth, clip));
    colours[bed_.places()[place].person].push_back(of_clip.back());
    impl_->real.push_back(std::move(scores));
  }
  for (const std::vector<at::Tensor>& person : colours) {
    impl_->looks.push_back(torch::stack(person).nanmean(0));
  }
  for (std::size_t place = 0; place < bed_.places().size(); ++place) {
    impl_->real[place].value["identity"] = impl_->nearer_own(of_clip[place], bed_.places()[place].person);
  }
  return impl_->real;
}

ClipScores VideoJudge::judge_clip(const VideoMethod& method, std::size_t place) const {
  const VideoClip clip = bed_.clip(place);
  const at::Tensor frames = method.frames(clip);
  ClipScores scores;
  impl_->add_rows(frames, scores);
  impl_->add_differences(frames, clip, scores);
  if (impl_->wants("identity")) {
    scores.value["identity"] = impl_->nearer_own(colours_of(frames, clip), bed_.places()[place].person);
  }
  if (const std::ptrdiff_t other = bed_.other_person(place);
      impl_->wants("identity_swap") && method.moves && other >= 0) {
    const auto theirs = static_cast<std::size_t>(other);
    const at::Tensor made = method.frames(with_photo_of(clip, bed_.clip(theirs)));
    scores.value["identity_swap"] = impl_->nearer_own(colours_of(made, clip), bed_.places()[theirs].person);
  }
  if (impl_->wants("skeleton") && method.moves) {
    scores.value["skeleton"] =
        mean_of(im::l1(method.frames(shuffled(clip)), clip.truth)) / mean_of(im::l1(frames, clip.truth));
  }
  if (impl_->wants_consistency() && method.consistency) {
    const infer::Consistency agreement = method.consistency(clip, {});
    scores.value["consistency_forward"] = agreement.forward;
    scores.value["consistency_backward"] = agreement.backward;
    scores.value["consistency_both"] = agreement.both;
  }
  if (impl_->wants_rollout() && method.consistency) {
    infer::StrategyConfig chained;
    chained.chained = true;
    const infer::Consistency agreement = method.consistency(clip, chained);
    scores.value["rollout_forward"] = agreement.forward;
    scores.value["rollout_backward"] = agreement.backward;
  }
  return scores;
}

std::vector<ClipScores> VideoJudge::judge(const VideoMethod& method) const {
  real();  // how people look
  const std::size_t places = bed_.places().size();
  util::Progress progress(method.label, static_cast<std::int64_t>(places), "clip");
  std::vector<ClipScores> all;
  for (std::size_t place = 0; place < places; ++place) {
    if (util::stop_requested()) {
      throw StoppedError("stopped after {} of {} clips; run the same command again", place, places);
    }
    all.push_back(judge_clip(method, place));
    progress.update(static_cast<std::int64_t>(place) + 1);
  }
  progress.finish();
  return all;
}

std::map<std::string, std::string> VideoJudge::files(const std::string& column) const {
  if (const auto found = impl_->features.find(column); found != impl_->features.end()) {
    return found->second.files;
  }
  const auto found = impl_->pairs.find(column);
  return found != impl_->pairs.end() ? found->second.files : std::map<std::string, std::string>();
}

std::string VideoJudge::missing(const std::string& column) const {
  const auto found = impl_->missing.find(column);
  return found == impl_->missing.end() ? "" : found->second;
}

}  // namespace stgmamba::eval
