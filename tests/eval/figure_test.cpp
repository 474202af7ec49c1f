// SPDX-License-Identifier: MIT
// Figures 5 to 8: which frames are marked, on made-up sequences; what is written, and that it is a picture.
#include <algorithm>
#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/eval/figure_strips.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/file.hpp"

#include "eval/small_corpus.hpp"
#include "support/temp_folder.hpp"
#include "support/xml.hpp"

namespace stgmamba::test {
namespace {

using skeleton::Motion;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

/// An upright figure whose arms and legs swing, each limb of one length; `phase` tells dancers apart.
Motion dancer(double phase, double scale = 1.0) {
  Motion motion(50, 10.0);
  std::fill(motion.score.begin(), motion.score.end(), 1.0F);
  for (std::int64_t f = 0; f < 50; ++f) {
    const auto set = [&](int joint, double x, double y) {
      motion.x(f, joint) = static_cast<float>(320 + scale * x + 3.0 * static_cast<double>(f));  // and it walks
      motion.y(f, joint) = static_cast<float>(180 + scale * y);
    };
    const double swing = 0.9 * std::sin(0.37 * static_cast<double>(f) + phase);
    for (int v = 0; v < skeleton::kJoints; ++v) {
      set(v, 2.0 * (v % 3), -75.0 - v % 2);  // head
    }
    set(skeleton::kNeck, 0, -60);
    for (const int side : {-1, 1}) {
      const int shoulder = side < 0 ? skeleton::kRightShoulder : skeleton::kLeftShoulder;
      const int hip = side < 0 ? skeleton::kRightHip : skeleton::kLeftHip;
      set(shoulder, 15 * side, -58);
      set(shoulder + 1, 15 * side + 25 * std::sin(swing), -58 + 25 * std::cos(swing));
      set(shoulder + 2, 15 * side + 50 * std::sin(swing), -58 + 50 * std::cos(swing));
      set(hip, 10 * side, 0);
      set(hip + 1, 10 * side + 30 * std::sin(side * swing), 30 * std::cos(swing));
      set(hip + 2, 10 * side + 60 * std::sin(side * swing), 60 * std::cos(swing));
    }
  }
  return motion;
}

void copy_pose(Motion& motion, std::int64_t from, std::int64_t to, float shift = 0.0F) {
  for (int v = 0; v < skeleton::kJoints; ++v) {
    motion.x(to, v) = motion.x(from, v) + shift;
    motion.y(to, v) = motion.y(from, v);
  }
}

eval::MarkRule rule() {
  std::vector<Motion> real;
  for (int n = 0; n < 12; ++n) {
    real.push_back(dancer(0.5 * n, 0.6 + 0.1 * n));
  }
  return eval::learn_marks(real, eval::kStripStep);
}

eval::Marks marks_of(const Motion& motion) {
  return eval::mark_frames(rule(), motion, eval::strip_frames());
}

TEST(FigureMarks, ADanceLikeTheRealOnesIsNotMarked) {
  const eval::Marks marks = marks_of(dancer(1.234, 0.83));
  EXPECT_THAT(marks.distorted, IsEmpty());
  EXPECT_LE(marks.repeated.size(), 1U);
}

/// Whether a box stands over frames i and i + 1 of the strip.
bool repeats(const Motion& motion, std::size_t i) {
  const eval::Marks marks = marks_of(motion);
  return std::any_of(marks.repeated.begin(), marks.repeated.end(),
                     [&](const auto& run) { return run.first <= i && run.second > i; });
}

TEST(FigureMarks, TwoFramesOfOnePoseAreRepeatedWhereverTheyStand) {
  Motion motion = dancer(0.3);
  const std::vector<std::int64_t> frames = eval::strip_frames();
  ASSERT_FALSE(repeats(motion, 4));
  copy_pose(motion, frames[4], frames[5], 140.0F);
  EXPECT_TRUE(repeats(motion, 4));
  EXPECT_THAT(marks_of(motion).distorted, IsEmpty());
  for (int v = 0; v < skeleton::kJoints; ++v) {  // another pose there, and they are not
    motion.x(frames[5], v) += static_cast<float>(8 * (v % 4));
  }
  EXPECT_FALSE(repeats(motion, 4));
}

TEST(FigureMarks, AStatueIsOneBoxFromEndToEnd) {
  Motion motion = dancer(0.3);
  for (std::int64_t f = 1; f < 50; ++f) {
    copy_pose(motion, 0, f, 0.1F * static_cast<float>(f));
  }
  EXPECT_THAT(marks_of(motion).repeated, ElementsAre(Pair(0U, 7U)));
}

TEST(FigureMarks, ALimbOfAnotherLengthIsDistorted) {
  const std::vector<std::int64_t> frames = eval::strip_frames();
  Motion longer = dancer(0.3);
  longer.y(frames[5], skeleton::kLeftWrist) += 15.0F;  // a forearm of 25 px becomes up to 40
  longer.x(frames[5], skeleton::kLeftWrist) += 15.0F;
  EXPECT_THAT(marks_of(longer).distorted, ElementsAre(5U));
  Motion shorter = dancer(0.3);
  shorter.x(frames[1], skeleton::kRightAnkle) = shorter.x(frames[1], skeleton::kRightKnee);
  shorter.y(frames[1], skeleton::kRightAnkle) = shorter.y(frames[1], skeleton::kRightKnee) + 5.0F;
  EXPECT_THAT(marks_of(shorter).distorted, ElementsAre(1U));
  Motion unseen = longer;  // what is not seen is not judged
  unseen.score[static_cast<std::size_t>(frames[5] * skeleton::kJoints + skeleton::kLeftWrist)] = 0.0F;
  EXPECT_THAT(marks_of(unseen).distorted, IsEmpty());
}

TEST(FigureMarks, DistanceFromTheCameraDoesNotMatter) {
  for (const double scale : {0.5, 1.0, 2.0}) {
    EXPECT_THAT(marks_of(dancer(1.0, scale)).distorted, IsEmpty()) << scale;
  }
  EXPECT_NEAR(eval::torso_length(dancer(0, 0.5)), 30.0, 1e-3);
}

TEST(FigureMarks, TheRuleIsStatedWithItsNumbers) {
  const eval::MarkRule learned = rule();
  EXPECT_EQ(learned.limbs.size(), 13U);
  EXPECT_THAT(learned.text(), HasSubstr("repeated"));
  EXPECT_THAT(learned.text(), HasSubstr(fmt::format("{:.3f} torsos", learned.nearest)));
  EXPECT_THAT(error_of([] { eval::learn_marks({Motion(50, 10)}, 6); }), HasSubstr("shows neck and hips"));
}

TEST(FigureMarks, PoseDistanceByHand) {
  Motion motion(2, 10);
  for (const int joint : {skeleton::kNeck, skeleton::kRightWrist, skeleton::kLeftKnee}) {
    for (std::int64_t f = 0; f < 2; ++f) {
      motion.score[static_cast<std::size_t>(f * skeleton::kJoints + joint)] = 1.0F;
      motion.x(f, joint) = static_cast<float>(10 * f);  // all shift by 10
      motion.y(f, joint) = 0.0F;
    }
  }
  motion.x(1, skeleton::kRightWrist) += 3.0F;
  motion.y(1, skeleton::kRightWrist) += 4.0F;
  EXPECT_NEAR(eval::pose_distance(motion, 0, 1), 5.0 / 3.0, 1e-6);
}

class FigureFiles : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    eval::TestBedOptions options;
    options.training = false;
    bed_ = new eval::TestBed(write_small_corpus(*folder_ / "set"), options);
  }
  static void TearDownTestSuite() {
    delete bed_;
    delete folder_;
  }
  static TempFolder* folder_;
  static eval::TestBed* bed_;
};
TempFolder* FigureFiles::folder_ = nullptr;
eval::TestBed* FigureFiles::bed_ = nullptr;

TEST_F(FigureFiles, StretchesAreChosenByTakeStyleAndStart) {
  const std::string second = bed_->takes()[1].id;
  const eval::Stretch chosen = eval::choose_stretch(*bed_, {.take = second, .start = 6.0});
  EXPECT_EQ(chosen.title, second + ", 5 to 10 s");
  EXPECT_EQ(bed_->places()[chosen.place].frame, 50);
  EXPECT_EQ(chosen.samples.size(), 80000U);
  EXPECT_EQ(chosen.beats, bed_->yardstick().clips()[chosen.place].beats);
  EXPECT_GT(chosen.beats.size(), 3U);
  const eval::Stretch by_style = eval::choose_stretch(*bed_, {.style = "kpop", .number = 1});
  EXPECT_EQ(bed_->places()[by_style.place].take, 0U);
  const eval::Stretch by_number = eval::choose_stretch(*bed_, {.style = "ballet", .number = 1});
  EXPECT_EQ(bed_->places()[by_number.place].song, 1U);
  EXPECT_THAT(error_of([&] { eval::choose_stretch(*bed_, {.take = second + "x"}); }),
              HasSubstr("did you mean '" + second + "'?"));
  EXPECT_THAT(error_of([&] { eval::choose_stretch(*bed_, {.take = second, .start = 10.0}); }), HasSubstr("under 10 s"));
}

TEST_F(FigureFiles, RealDancesToTheSameMusicStandTogether) {
  const eval::Stretch stretch = eval::choose_stretch(*bed_, {.take = bed_->takes()[0].id, .start = 0.0});
  const std::vector<Motion> dances = eval::real_dances(*bed_, stretch);
  ASSERT_EQ(dances.size(), 2U);  // the corpus dances every song twice
  EXPECT_EQ(dances[0].xy, bed_->yardstick().clips()[stretch.place].motion.xy);
  EXPECT_NE(dances[0].xy, dances[1].xy);
}

TEST_F(FigureFiles, StripsAreWrittenWithCaptionAndNumbers) {
  const eval::Stretch stretch = eval::choose_stretch(*bed_, {.take = bed_->takes()[0].id});
  Motion statue = dancer(0.3);
  for (std::int64_t f = 1; f < 50; ++f) {
    copy_pose(statue, 0, f);
  }
  const std::vector<eval::StripRow> rows = {{"a < b", {dancer(0.7)}}, {"statue", {statue}}};
  const eval::Figure figure = eval::draw_strips(stretch, rows, rule());
  const auto written = eval::save_figure(figure, *folder_ / "out/fig5.png");
  ASSERT_EQ(written.size(), 4U);
  const media::Image picture = media::load_image(written[0]);
  EXPECT_EQ(picture.width, std::lround(2 * figure.canvas.width()));
  EXPECT_EQ(picture.height, std::lround(2 * figure.canvas.height()));
  const eval::Figure taller = eval::draw_strips(stretch, {rows[0], rows[0], rows[1]}, rule());
  EXPECT_GT(taller.canvas.height(), figure.canvas.height() + 50);
  EXPECT_EQ(xml_problem(util::read_text(*folder_ / "out/fig5.svg")), "");
  EXPECT_THAT(util::read_text(*folder_ / "out/fig5.md"), HasSubstr("Over two frames or more: repeated"));
  const io::Json numbers = io::read_json(*folder_ / "out/fig5.json");
  EXPECT_EQ(numbers["rows"][1]["repeated"], io::Json::parse("[[0, 7]]"));
  EXPECT_EQ(numbers["rows"][0]["distorted"], io::Json::array());
  EXPECT_EQ(numbers["frames"].size(), 8U);
  EXPECT_THAT(error_of([&] { eval::save_figure(figure, *folder_ / "fig.gif"); }), HasSubstr("must end in"));
}

/// Against the same picture by a rule that marks nothing.
TEST_F(FigureFiles, BoxesAreDrawnAroundWhatIsMarkedAndNothingElse) {
  const eval::Stretch stretch = eval::choose_stretch(*bed_, {.take = bed_->takes()[0].id});
  const auto changed = [&](const Motion& motion, const eval::MarkRule& marking) {
    eval::MarkRule nothing = marking;
    nothing.nearest = -1.0;
    nothing.limbs.clear();
    const media::Image with = eval::draw_strips(stretch, {{"row", {motion}}}, marking).canvas.render();
    const media::Image without = eval::draw_strips(stretch, {{"row", {motion}}}, nothing).canvas.render();
    int count = 0;
    for (std::size_t i = 0; i < with.pixels.size(); i += 3) {
      if (with.pixels[i + 1] != without.pixels[i + 1]) {
        ++count;
        EXPECT_GT(with.pixels[i], with.pixels[i + 1]);  // red
      }
    }
    return count;
  };
  Motion statue = dancer(0.3);
  for (std::int64_t f = 1; f < 50; ++f) {
    copy_pose(statue, 0, f);
  }
  EXPECT_GT(changed(statue, rule()), 500);
  eval::MarkRule tolerant = rule();
  tolerant.nearest = 0.0;
  EXPECT_EQ(changed(dancer(1.234), tolerant), 0);
}

TEST_F(FigureFiles, OverlaysTellTheVarianceBetweenDraws) {
  const eval::Stretch stretch = eval::choose_stretch(*bed_, {.take = bed_->takes()[0].id});
  const eval::Figure figure = eval::draw_overlays(
      stretch, {{"same", {dancer(0), dancer(0), dancer(0)}}, {"different", {dancer(0), dancer(1), dancer(2)}}});
  EXPECT_EQ(figure.numbers["rows"][0]["variance_h2"], 0.0);
  EXPECT_GT(figure.numbers["rows"][1]["variance_h2"].get<double>(), 1e-4);
  EXPECT_EQ(figure.numbers["rows"][1]["dances"], 3);
  eval::save_figure(figure, *folder_ / "out/fig8");
  EXPECT_EQ(xml_problem(util::read_text(*folder_ / "out/fig8.svg")), "");
}

}  // namespace
}  // namespace stgmamba::test
