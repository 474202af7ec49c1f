// SPDX-License-Identifier: MIT
#include "stgmamba/eval/video_board.hpp"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/eval/video_figure.hpp"
#include "stgmamba/image_metrics/frames.hpp"
#include "stgmamba/util/file.hpp"

#include "eval/filmed_puppets.hpp"
#include "support/temp_folder.hpp"
#include "support/torch_script.hpp"

namespace stgmamba::test {
namespace {

using eval::ClipScores;
using eval::VideoClip;
using eval::VideoMethod;
using ::testing::HasSubstr;

constexpr std::int64_t kSize = 48, kFrames = 10;

const std::vector<std::string> kColumns = {
    "fid",      "fd_random",     "l1",       "psnr_person",         "ssim",           "warp",
    "identity", "identity_swap", "skeleton", "consistency_forward", "rollout_forward"};

/// The truth with `noise` levels of noise: a method that no network is.
VideoMethod noisy_truth(double noise) {
  return {"noisy",
          "noisy truth",
          [noise](const VideoClip& clip) {
            torch::manual_seed(7);
            const at::Tensor made = clip.truth.to(torch::kFloat) + noise * torch::randn(clip.truth.sizes());
            return made.round().clamp(0, 255).to(torch::kUInt8);
          },
          {},
          false};
}

/// Knows the test set by heart: the true frame of every pose, whatever the photo, with a little noise.
VideoMethod renderer(const eval::VideoBed& bed) {
  VideoMethod method;
  method.name = method.label = "renderer";
  method.frames = [&bed](const VideoClip& clip) {
    constexpr std::ptrdiff_t kPose = 2 * skeleton::kJoints;
    std::vector<at::Tensor> found;
    for (std::size_t place = 0; place < bed.places().size() && std::ssize(found) < kFrames; ++place) {
      const VideoClip own = bed.clip(place);
      found.clear();
      for (std::int64_t f = 0; f < kFrames && own.take == clip.take; ++f) {
        for (std::int64_t g = 0; g < kFrames; ++g) {
          const auto pose = clip.motion.xy.begin() + f * kPose;
          if (std::equal(pose, pose + kPose, own.motion.xy.begin() + g * kPose)) {
            found.push_back(own.truth[g]);
            break;
          }
        }
      }
    }
    torch::manual_seed(8);
    const at::Tensor frames = torch::stack(found).to(torch::kFloat);
    return (frames + torch::randn(frames.sizes())).round().clamp(0, 255).to(torch::kUInt8);
  };
  return method;
}

/// The photo, darker where the pose is: a network in name, that poses and photo both reach.
VideoMethod painter() {
  VideoMethod method;
  method.name = method.label = "painter";
  method.frames = [](const VideoClip& clip) {
    const at::Tensor drawn = eval::pose_maps(clip, skeleton::PoseMapKind::kRgb).amax(1, true).gt(0);  // [F, 1, S, S]
    return torch::where(drawn, torch::full_like(clip.truth, 20), clip.photo.expand_as(clip.truth));
  };
  method.consistency = [](const VideoClip&, const infer::StrategyConfig& how) {
    return infer::Consistency{how.chained ? 0.375 : 0.25, 0.5, 0.75, {}, {}};
  };
  return method;
}

class VideoBoards : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    eval::VideoBedOptions options;
    options.size = kSize;
    options.frames = kFrames;
    bed_ = new eval::VideoBed(film_puppets(*folder_ / "set"), options);
    judge_ =
        new eval::VideoJudge(*bed_, image_metrics::MetricNets(*folder_ / "nets", torch::kCPU), kColumns, torch::kCPU);
  }
  static void TearDownTestSuite() {
    delete judge_;
    delete bed_;
    delete folder_;
  }
  static double mean(const std::vector<ClipScores>& clips, const std::string& column) {
    double sum = 0.0;
    for (const ClipScores& clip : clips) {
      sum += clip.value.at(column);
    }
    return sum / static_cast<double>(clips.size());
  }
  static TempFolder* folder_;
  static eval::VideoBed* bed_;
  static eval::VideoJudge* judge_;
};
TempFolder* VideoBoards::folder_ = nullptr;
eval::VideoBed* VideoBoards::bed_ = nullptr;
eval::VideoJudge* VideoBoards::judge_ = nullptr;

TEST_F(VideoBoards, ClipsNeverHoldTheirPhotoAmongTheTruth) {
  ASSERT_EQ(bed_->places().size(), 6U);  // 20 frames after I_0, two clips a take
  EXPECT_EQ(bed_->people().size(), 3U);
  const VideoClip first = bed_->clip(0), second = bed_->clip(1);
  EXPECT_TRUE(torch::equal(first.photo, second.photo));
  EXPECT_EQ(first.truth.sizes(), (at::IntArrayRef{kFrames, 3, kSize, kSize}));
  EXPECT_FALSE(torch::equal(first.photo, first.truth[0]));
  EXPECT_FALSE(torch::equal(first.truth[9], second.truth[0]));
  EXPECT_EQ(second.motion.frames(), kFrames);
  EXPECT_EQ(bed_->other_person(1), 2);
  EXPECT_EQ(bed_->other_person(5), 0);
}

TEST_F(VideoBoards, FilmsAreMeasuredBeforeTheyAreCut) {
  eval::VideoBedOptions options = bed_->options();
  EXPECT_EQ(eval::longest_film(bed_->dataset(), options), 21);
  EXPECT_EQ(eval::longest_film(bed_->dataset(), options, bed_->takes()[1].id), 21);
  EXPECT_EQ(eval::longest_film(bed_->dataset(), options, "nobody"), 0);
  options.frames = 20;
  EXPECT_EQ(eval::VideoBed(bed_->dataset(), options).places().size(), 3U);
  options.frames = 21;
  EXPECT_THAT(error_of([&] { eval::VideoBed(bed_->dataset(), options); }),
              HasSubstr("set the key 'frames' of the table file to 20 or less"));
}

TEST_F(VideoBoards, PosesLieOnThePerson) {
  const VideoClip clip = bed_->clip(2);
  const skeleton::Motion motion = eval::in_picture(clip.motion, clip.placement);
  for (std::size_t i = 0; i < motion.xy.size(); ++i) {
    EXPECT_TRUE(motion.xy[i] > 0.0F && motion.xy[i] < static_cast<float>(kSize)) << i;
  }
  eval::VideoBedOptions halved;
  halved.size = kSize / 2;
  halved.frames = kFrames;
  const VideoClip small = eval::VideoBed(bed_->dataset(), halved).clip(2);
  EXPECT_EQ(small.photo.size(2), kSize / 2);
  const skeleton::Motion moved = eval::in_picture(small.motion, small.placement);
  EXPECT_NEAR(moved.xy[7] + 0.5, (motion.xy[7] + 0.5) / 2, 1e-3);  // pixel centres
}

TEST_F(VideoBoards, BetterVideosScoreBetterInEveryColumn) {
  const auto good = judge_->judge(noisy_truth(2)), bad = judge_->judge(noisy_truth(25));
  EXPECT_LT(mean(good, "l1"), mean(bad, "l1"));
  EXPECT_GT(mean(good, "psnr_person"), mean(bad, "psnr_person"));
  EXPECT_GT(mean(good, "ssim"), mean(bad, "ssim"));
  EXPECT_LT(mean(good, "warp"), mean(bad, "warp"));
  EXPECT_EQ(mean(good, "identity"), 1.0);
  const auto distance = [&](const std::vector<ClipScores>& clips) {
    const eval::VideoColumn column = eval::pick_video_columns({"fd_random"})[0];
    return (*eval::measure(column, *judge_, {clips}))(metrics::Weights::all(3, 1));
  };
  EXPECT_LT(distance(good), distance(bad));
  EXPECT_NEAR(distance(judge_->real()), 0.0, 1e-4);
}

/// The mean, and how much it varies from pixel to pixel: noise is seen.
constexpr const char* kMoments =
    "def forward(self, x):\n  y = x.flatten({})\n  return torch.cat([y.mean(-1), y.std(-1)], 1)\n";

TEST_F(VideoBoards, UsersNetworksFillTheirColumns) {
  const auto nets = *folder_ / "brought";
  std::filesystem::create_directories(nets);
  save_script(nets / "inception-2015-12-05.pt", fmt::format(kMoments, 2));
  save_script(nets / "i3d_torchscript.pt", fmt::format(kMoments, 2));
  const std::vector<std::string> names = {"fid", "kid", "fid_tf", "fid_clean", "fvd"};
  eval::VideoBedOptions options;
  options.size = 32;
  options.frames = eval::kFvdFrames;  // FVD skips shorter clips
  const eval::VideoBed bed(film_puppets(*folder_ / "long", 32, 2 * eval::kFvdFrames + 1), options);
  const eval::VideoJudge judge(bed, image_metrics::MetricNets(nets, torch::kCPU), names, torch::kCPU);
  const auto good = judge.judge(noisy_truth(4)), bad = judge.judge(noisy_truth(40));
  const auto everybody = [](std::size_t seeds) { return metrics::Weights::all(3, seeds); };
  for (const eval::VideoColumn& column : eval::pick_video_columns(names)) {
    const auto value = [&](const eval::VideoScores& scores) {
      return eval::measure(column, judge, scores).value()(everybody(scores.size()));
    };
    SCOPED_TRACE(column.card.name);
    const double near = value({good}), far = value({bad});
    EXPECT_LT(near, far);
    EXPECT_NEAR(value({judge.real()}), 0.0, column.card.name == "kid" ? 0.02 : 1e-6) << column.card.name;
    EXPECT_NEAR(value({good, bad}), (near + far) / 2, 1e-9 * far) << column.card.name;  // seeds are not pooled
    EXPECT_TRUE(std::isfinite(eval::measure_halves(column, judge).value()(everybody(1)))) << column.card.name;
    metrics::Weights first = everybody(2);
    first.seed = {2.0, 0.0};
    EXPECT_NEAR(eval::measure(column, judge, {good, bad}).value()(first), near, 1e-9 * far) << column.card.name;
  }
  EXPECT_EQ(good[0].rows.at("fid").size(0), eval::kFvdFrames);  // a row a frame, and a row a clip
  EXPECT_EQ(good[0].rows.at("fvd").size(0), 1);
}

TEST_F(VideoBoards, StillsDoNotFlickerAndPosesAndPhotosAreFollowed) {
  const std::vector<VideoMethod> references = eval::reference_methods();
  ASSERT_EQ(references[0].name, "copy_photo");
  const auto still = judge_->judge(references[0]), mean_frame = judge_->judge(references[1]);
  EXPECT_LT(mean(still, "warp"), 1e-5);
  EXPECT_LT(mean(mean_frame, "l1"), mean(still, "l1"));
  EXPECT_FALSE(still[0].value.contains("skeleton"));
  const auto rendered = judge_->judge(renderer(*bed_));
  EXPECT_LT(mean(rendered, "l1"), 0.02);
  EXPECT_GT(mean(rendered, "skeleton"), 2.0);       // the same frames in another order are far from the truth
  EXPECT_LT(mean(rendered, "identity_swap"), 0.5);  // it never looks at the photo
  EXPECT_EQ(mean(rendered, "identity"), 1.0);
  EXPECT_EQ(mean(judge_->judge(painter()), "consistency_forward"), 0.25);
  EXPECT_EQ(mean(judge_->judge(painter()), "rollout_forward"), 0.375);
}

TEST_F(VideoBoards, TheCutoutDancesAsItself) {
  const auto made = judge_->judge(eval::reference_methods()[2]);
  EXPECT_EQ(mean(made, "identity"), 1.0);
  EXPECT_GT(mean(made, "identity_swap"), 0.6);
  EXPECT_GT(mean(made, "skeleton"), 1.05);
}

/// Shows the photo and remembers which joints it was given.
class Listener : public models::VideoGenerator {
 public:
  at::Tensor render(const models::Photo& photo, const models::Poses& poses) override {
    from.push_back(photo.joints);
    to.push_back(poses.joints.squeeze(1));
    return photo.image.unsqueeze(1);
  }
  bool needs_joints() const override { return true; }
  std::vector<at::Tensor> from, to;  // [n, 18, 3] a call
};

TEST_F(VideoBoards, NetworksGetTheJointsOfTheirPictures) {
  const auto network = std::make_shared<Listener>();
  const eval::VideoClip clip = bed_->clip(0), other = bed_->clip(static_cast<std::size_t>(bed_->other_person(0)));
  eval::network_method(network, skeleton::PoseMapKind::kRgb, torch::kCPU).frames(eval::with_photo_of(clip, other));
  const at::Tensor from = torch::cat(network->from), to = torch::cat(network->to);
  EXPECT_TRUE(torch::equal(to, eval::joints(clip.motion, clip.placement)));
  EXPECT_TRUE(torch::equal(from, eval::joints(other.photo_pose, other.photo_placement).expand_as(from)));
  EXPECT_FALSE(torch::equal(from[0], eval::joints(clip.photo_pose, clip.photo_placement)[0]));
  // In the picture's pixels: the neck lies on the drawn pose.
  const at::Tensor drawn = eval::pose_maps(clip, skeleton::PoseMapKind::kRgb)[0].amax(0);  // [S, S]
  const auto x = std::lround(to[0][skeleton::kNeck][0].item<double>()),
             y = std::lround(to[0][skeleton::kNeck][1].item<double>());
  EXPECT_GT(drawn[y][x].item<int>(), 0);
}

TEST_F(VideoBoards, MovedLimbsAreNearerToTheTruthThanStills) {
  const std::vector<VideoMethod> references = eval::reference_methods();
  ASSERT_EQ(references[3].name, "reposed");
  const auto moved = judge_->judge(references[3]);
  EXPECT_LT(mean(moved, "l1"), 0.8 * mean(judge_->judge(references[0]), "l1"));
  EXPECT_GT(mean(moved, "skeleton"), 1.2);
  EXPECT_EQ(mean(moved, "identity"), 1.0);
}

TEST_F(VideoBoards, BoardsShowPaperOursAndWhatToFetch) {
  std::vector<eval::VideoRow> rows = {eval::real_row(*judge_)};
  for (const double noise : {5.0, 20.0}) {
    eval::VideoRow& row = rows.emplace_back();
    row.name = noise < 10 ? "s2_4" : "s2_1";
    row.label = row.name;
    row.seeds = {1};
    row.paper = {{"fid", 35.17}};
    row.scores = eval::VideoScores{judge_->judge(noisy_truth(noise))};
  }
  eval::VideoRow& absent = rows.emplace_back();
  absent.name = absent.label = "vid2vid";
  absent.missing = "not trained: stg_train";
  eval::BoardOptions options;
  options.title = "Table 5";
  options.against = "s2_1";
  options.bootstrap.replicates = 40;
  const eval::Board board = eval::make_video_board(*judge_, eval::pick_video_columns(kColumns), rows, options);
  EXPECT_TRUE(std::isnan(board.rows[1].cells[0].ours.value));  // no Inception here
  EXPECT_EQ(board.rows[1].cells[0].paper, 35.17);
  EXPECT_TRUE(std::isfinite(board.rows[0].cells[1].ours.value));  // halves of the truth
  EXPECT_TRUE(std::isnan(board.rows[0].cells[2].ours.value));     // the truth is no distance from itself
  EXPECT_LT(board.rows[1].cells[2].ours.low, board.rows[1].cells[2].ours.high);
  EXPECT_TRUE(board.rows[1].cells[2].ahead.excludes(0.0));
  EXPECT_LT(board.rows[1].cells[2].ahead.value, 0.0);
  const std::string text = eval::render(board, "text");
  EXPECT_THAT(text, HasSubstr("FID is blank: put inception-2015-12-05.pt"));
  EXPECT_THAT(text, HasSubstr("FD-random (not FID)"));
  EXPECT_THAT(text, HasSubstr("6 clips of 10 frames at 48x48"));
  EXPECT_THAT(text, HasSubstr("over 3 people and seeds"));
  EXPECT_THAT(text, HasSubstr("vid2vid: not trained"));
  util::write_text(*folder_ / "board.json", eval::render(board, "json"));
  EXPECT_EQ(eval::render(eval::read_board(*folder_ / "board.json"), "text"), text);
  EXPECT_THAT(eval::violations(board, eval::parse_gate("l1<0.01")), ::testing::IsEmpty());
  EXPECT_EQ(eval::violations(board, eval::parse_gate("s2_1.l1>0.01")).size(), 1U);
}

TEST_F(VideoBoards, Figures) {
  const auto size_of = [](const media::Canvas& canvas) { return std::pair(canvas.width(), canvas.height()); };
  const auto compared = eval::comparison_strips(*bed_, 1, {painter(), noisy_truth(3)}, 5);
  ASSERT_EQ(compared.size(), 4U);
  EXPECT_EQ(compared[1].label, "real");
  EXPECT_EQ(compared[1].pictures.size(), 5U);
  EXPECT_EQ(compared[1].pictures[4].pixels, image_metrics::to_picture(bed_->clip(1).truth[9]).pixels);
  EXPECT_EQ(compared[2].label, "painter");
  const auto people = eval::people_strips(*bed_, 0, painter(), 2, 4);
  ASSERT_EQ(people.size(), 3U);
  EXPECT_EQ(people[1].pictures.size(), 5U);  // the photo first
  EXPECT_NE(people[1].pictures[0].pixels, people[2].pictures[0].pixels);
  const auto examples = eval::example_strips(*bed_, 2, 2);
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_NE(examples[0].pictures[0].pixels, examples[0].pictures[1].pixels);
  EXPECT_GT(size_of(eval::draw_picture_strips(compared)).first, 5 * 96.0);
  EXPECT_GT(size_of(eval::draw_picture_strips(compared)).second, 4 * 96.0);
  eval::draw_picture_strips(people).save(*folder_ / "figure.png", 1.0);
  EXPECT_GT(media::load_image(*folder_ / "figure.png").width, 480);
}

TEST(VideoColumns, NamesAreKnownAndNearOnesAreTold) {
  EXPECT_EQ(eval::pick_video_columns({"kid", "fid"})[0].card.name, "kid");
  EXPECT_THAT(error_of([] { eval::pick_video_columns({"lpisp"}); }), HasSubstr("did you mean 'lpips'"));
  EXPECT_TRUE(eval::is_metric("fvd"));
  EXPECT_TRUE(eval::is_metric("bc"));
  EXPECT_FALSE(eval::is_metric("fvdd"));
}

TEST(VideoBedTest, DataWithoutVideosAreRefused) {
  const TempFolder folder;
  const data::Dataset dataset = film_puppets(folder / "set", 32, 5);
  eval::VideoBedOptions options;
  options.frames = 10;
  EXPECT_THAT(error_of([&] { eval::VideoBed(dataset, options); }),
              HasSubstr("needs a video of 11, and the longest of the split 'test' has 5"));
}

}  // namespace
}  // namespace stgmamba::test
