// SPDX-License-Identifier: MIT
// Programs from the outside: help, versions, streams, and a dance without a model.
#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "stgmamba/media/audio.hpp"
#include "stgmamba/media/video.hpp"
#include "stgmamba/util/file.hpp"

#include "infer/painted_person.hpp"
#include "infer/video_checkpoint.hpp"
#include "support/scoped_env.hpp"
#include "support/temp_folder.hpp"
#include "tools/run_tool.hpp"

namespace stgmamba::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Clicks every half second.
void write_clicks(const std::filesystem::path& path, double seconds) {
  media::Audio sound;
  sound.samples.resize(static_cast<std::size_t>(16000 * seconds));
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    const double since = static_cast<double>(i % 8000) / 16000.0;
    sound.samples[i] = static_cast<float>(0.8 * std::exp(-40.0 * since) * std::sin(6283.0 * since));
  }
  media::write_wav(path, sound);
}

void write_pose(const std::filesystem::path& path) {
  nlohmann::json joints = nlohmann::json::array();
  for (const media::Point& joint : painted_pose().at) {
    joints.push_back({joint.x, joint.y});
  }
  util::write_text(path, joints.dump());
}

TEST(Programs, HelpStartsWithAnExample) {
  const TempFolder folder;
  for (const char* name : {"stg_generate", "stg_data", "stg_eval", "stg_train"}) {
    const ToolRun run = run_tool(std::string(name) + " --help", folder.path());
    EXPECT_EQ(run.code, 0);
    EXPECT_THAT(run.out, StartsWith(std::string("Examples:\n  ") + name + " "));
    for (const char* flag : {"--version", "--quiet", "--json", "--color", "--seed", "--threads", "--device"}) {
      EXPECT_THAT(run.out, HasSubstr(flag)) << name;
    }
    EXPECT_EQ(run.err, "");
  }
}

TEST(Programs, FindWhatShipsFromAnyFolder) {
  const TempFolder folder;
  const ToolRun config = run_tool("stg_train --config tiny_kpop --print-config", folder.path());
  EXPECT_EQ(config.code, 0) << config.err;
  write_clicks(folder / "song.wav", 1.2);
  const ToolRun dance = run_tool("stg_generate --music song.wav --save-skeleton a.npz", folder.path());
  EXPECT_EQ(dance.code, 0) << dance.err;  // by the dancer that ships, for there is no run
}

TEST(Programs, VersionNamesEveryPart) {
  const TempFolder folder;
  const ToolRun run = run_tool("stg_generate --version", folder.path());
  EXPECT_EQ(run.code, 0);
  for (const char* part : {"stgmamba", "libtorch", "cuda", "cudnn", "ffmpeg", "opencv", "scan"}) {
    EXPECT_THAT(run.out, HasSubstr(part));
  }
}

TEST(Programs, TheDemoDancerDancesAndItsMotionCanBeDrawnAgain) {
  const TempFolder folder;
  write_clicks(folder / "song.wav", 3.3);
  const ToolRun made =
      run_tool("stg_generate --motion demo --music song.wav --json --fps 10 --scale 0.5 --save-skeleton a.npz -o a.mp4",
               folder.path());
  ASSERT_EQ(made.code, 0) << made.err;
  const auto result = nlohmann::json::parse(made.out);
  EXPECT_EQ(result.at("frames"), 33);
  EXPECT_NEAR(result.at("seconds").get<double>(), 3.3, 1e-3);
  const ToolRun drawn =
      run_tool("stg_generate --from-skeleton a.npz --music song.wav --scale 0.5 -o b.mp4", folder.path());
  EXPECT_EQ(drawn.code, 0) << drawn.err;
  EXPECT_TRUE(media::VideoReader(folder / "b.mp4").info().has_audio);
  EXPECT_EQ(run_tool("stg_generate --from-skeleton a.npz --force -o b.mp4", folder.path()).code, 0);
  EXPECT_FALSE(media::VideoReader(folder / "b.mp4").info().has_audio);
}

TEST(Programs, TheModelThatShipsDancesWhereNothingWasTrained) {
  const TempFolder folder;
  write_clicks(folder / "song.wav", 3.3);
  const ScopedEnv env("STG_SHARE_DIR", STG_SOURCE_DIR "/share");
  const ToolRun run =
      run_tool("stg_generate --music song.wav --device cpu --save-skeleton a.npz -o a.png", folder.path());
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("no finished run; the dancer that ships dances"));
  EXPECT_LT(std::filesystem::file_size(STG_SOURCE_DIR "/share/dancer/generator.safetensors"), 8U << 20U);
}

TEST(Programs, TheBeatsOfASong) {
  const TempFolder folder;
  write_clicks(folder / "song.wav", 12.0);
  const ToolRun run = run_tool("stg_data beats song.wav --json", folder.path());
  ASSERT_EQ(run.code, 0) << run.err;
  const auto result = nlohmann::json::parse(run.out);
  EXPECT_NEAR(result.at("bpm").get<double>(), 120.0, 3.0);
  EXPECT_NEAR(static_cast<double>(result.at("beats").size()), 23.0, 2.0);
  EXPECT_DOUBLE_EQ(result.at("seconds").get<double>(), 12.0);
  for (const char* option : {"--bpm 60", "--usual-bpm 400 --rate 22050", "--tightness 1 --aggregate mean --hop 700",
                             "--window 256 --hop 100", "--no-trim --hop 400"}) {
    const ToolRun other = run_tool(std::string("stg_data beats song.wav --json ") + option, folder.path());
    EXPECT_EQ(other.code, 0) << other.err;
    EXPECT_NE(nlohmann::json::parse(other.out).at("beats"), result.at("beats")) << option;
  }
  EXPECT_THAT(run_tool("stg_data beats song.wav", folder.path()).out, HasSubstr("beats a minute"));
  media::write_wav(folder / "silence.wav", {std::vector<float>(16000, 0.0F), 16000});
  EXPECT_THAT(run_tool("stg_data beats silence.wav", folder.path()).out, HasSubstr("no beats"));
}

TEST(Programs, PhotosAndPuppetsDanceAndSayWhatTheyAre) {
  const TempFolder folder;
  write_clicks(folder / "song.wav", 2.4);
  media::save_image(folder / "photo.png", painted_photo());
  write_pose(folder / "pose.json");
  const std::string song = "stg_generate --motion demo --music song.wav --fps 12 ";
  const ToolRun two = run_tool(song +
                                   "--image photo.png --image photo.png --image-pose pose.json --image-pose pose.json "
                                   "--save-skeleton a.npz -o a.mp4",
                               folder.path());
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(two.out.rfind("a.npz\na.mp4\na-1.mp4\na-2.mp4\n", 0), 0U) << two.out;
  EXPECT_EQ(media::VideoReader(folder / "a.mp4").info().width, 2 * kPaintedWidth);  // both, side by side
  EXPECT_THAT(two.err, HasSubstr("cutout (limbs of the photo moved, no trained video model)"));
  const media::VideoReader video(folder / "a-2.mp4");
  EXPECT_TRUE(video.info().has_audio);
  EXPECT_EQ(video.info().height, kPaintedHeight);
  EXPECT_THAT(util::read_text(folder / "a-1.mp4"), HasSubstr("video: cutout of photo.png (no trained video model)"));
  const ToolRun puppet =
      run_tool(song + "--video puppet --identity 7 --overlay side-by-side --scale 0.5 -o p.mp4", folder.path());
  ASSERT_EQ(puppet.code, 0) << puppet.err;
  EXPECT_EQ(media::VideoReader(folder / "p.mp4").info().width, 640);
  EXPECT_THAT(util::read_text(folder / "p.mp4"), HasSubstr("video: drawn puppet_07 (no trained video model)"));
}

TEST(Programs, ATrainedNetworkMakesTheVideo) {
  const TempFolder folder;
  write_clicks(folder / "song.wav", 2.4);
  media::save_image(folder / "photo.png", painted_photo());
  write_pose(folder / "pose.json");
  make_video_run(folder / "run", 10, 1);
  const std::string song = "stg_generate --device cpu --motion demo --music song.wav --fps 12.5 --image photo.png ";
  const ToolRun posed = run_tool(song + "--video run --image-pose pose.json --json -o a.mp4", folder.path());
  ASSERT_EQ(posed.code, 0) << posed.err;
  const std::string from = "gr_composite from run/checkpoints/step_000000010/generator.safetensors";
  EXPECT_THAT(posed.err, HasSubstr(from + ", 32x32"));
  const auto result = nlohmann::json::parse(posed.out);
  EXPECT_EQ(result.at("frames"), 30);
  EXPECT_EQ(result.at("video"), from + ", of photo.png");
  EXPECT_THAT(util::read_text(folder / "a.mp4"), HasSubstr("video: " + from + ", of photo.png"));
  const media::VideoReader video(folder / "a.mp4");
  EXPECT_TRUE(video.info().has_audio);
  EXPECT_EQ(video.info().width, 32);
  const ToolRun plain = run_tool(song +
                                     "--image photo.png --video run/checkpoints/step_000000010/generator.safetensors "
                                     "--video-batch 7 --overlay side-by-side -o b.mp4",
                                 folder.path());
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.err, HasSubstr("photo.png: no pose is given"));
  EXPECT_EQ(media::VideoReader(folder / "b.mp4").info().width, 2 * 2 * 32);  // two people, each beside the skeleton
  EXPECT_EQ(media::VideoReader(folder / "b-2.mp4").info().width, 2 * 32);
  ASSERT_EQ(run_tool("stg_eval --device cpu --checkpoint run --export out", folder.path()).code, 0);
  const ToolRun exported = run_tool(song + "--video out --image-pose pose.json -o c.png", folder.path());
  EXPECT_EQ(exported.code, 0) << exported.err;
}

TEST(Programs, ANetworkThatMovesLimbsNeedsToKnowWhereTheyAre) {
  const TempFolder folder;
  write_clicks(folder / "song.wav", 1.0);
  media::save_image(folder / "photo.png", painted_photo());
  write_pose(folder / "pose.json");
  make_video_run(folder / "run", 10, 1, kSmallReposed);
  const std::string line =
      "stg_generate --device cpu --motion demo --music song.wav --image photo.png --video run -o a.mp4";
  const ToolRun blind = run_tool(line, folder.path());
  EXPECT_EQ(blind.code, 2);
  EXPECT_THAT(blind.err, HasSubstr("photo.png: run moves the photo's limbs"));
  EXPECT_THAT(blind.err, HasSubstr("--image-pose"));
  const ToolRun posed = run_tool(line + " --image-pose pose.json", folder.path());
  EXPECT_EQ(posed.code, 0) << posed.err;
}

TEST(Programs, AKilledVideoLeavesNoHalfFile) {
  const TempFolder folder;
  write_clicks(folder / "song.wav", 60.0);
  media::save_image(folder / "photo.png", painted_photo());
  make_video_run(folder / "run", 10, 1, "{ngf: 32, downs: 2, blocks: 4}");
  const std::string line =
      "stg_generate --device cpu --motion demo --music song.wav --image photo.png --video run -o a.mp4";
  // Killed while it writes, and asked twice at once as timeout(1) does: that is one ask.
  for (const auto& [signal, code] : {std::pair{"TERM", 75}, {"KILL", 137}}) {
    const std::string script = fmt::format(
        "cd '{}'; '{}/bin/'{} >out 2>err & pid=$!; "
        "while kill -0 $pid && ! ls -A | grep -q part; do sleep 0.02; done; kill -{} $pid; kill -{} $pid; wait $pid",
        folder.path().string(), STG_BINARY_DIR, line, signal, signal);
    const int status = std::system(script.c_str());
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), code)
        << util::read_text(folder / "err");
    EXPECT_FALSE(std::filesystem::exists(folder / "a.mp4")) << signal;
  }
  const ToolRun again = run_tool(line + " --seconds 0.5", folder.path());
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_NEAR(media::VideoReader(folder / "a.mp4").info().seconds, 0.5, 0.04);
}

TEST(Programs, QuietIsQuietAndSeedsRepeat) {
  const TempFolder folder;
  write_clicks(folder / "song.wav", 2.0);
  for (const char* name : {"a.json", "b.json"}) {
    const ToolRun run = run_tool(
        std::string("stg_generate -q --seed 5 --motion demo --music song.wav --save-skeleton ") + name, folder.path());
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "");
  }
  EXPECT_EQ(util::read_text(folder / "a.json"), util::read_text(folder / "b.json"));
  run_tool("stg_generate -q --seed 6 --motion demo --music song.wav --save-skeleton c.json", folder.path());
  EXPECT_NE(util::read_text(folder / "a.json"), util::read_text(folder / "c.json"));
}

}  // namespace
}  // namespace stgmamba::test
