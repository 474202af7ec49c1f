// SPDX-License-Identifier: MIT
// Broken inputs, each given to a real program: the right exit code, one line that names what is wrong, nothing written.
#include <algorithm>
#include <filesystem>
#include <ostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/media/audio.hpp"
#include "stgmamba/media/video.hpp"
#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"
#include "tools/run_tool.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Broken {
  const char* line;
  int code;
  const char* says;
};

void PrintTo(const Broken& broken, std::ostream* out) {
  *out << '"' << broken.line << '"';
}

/// A sound of 32-bit floats that are no numbers.
void write_nan_wav(const fs::path& path) {
  const char header[] = "RIFF\x34\0\0\0WAVEfmt \x10\0\0\0\x03\0\x01\0\x80\x3e\0\0\0\xfa\0\0\x04\0\x20\0data\x10\0\0\0";
  std::string bytes(header, sizeof(header) - 1);
  for (int i = 0; i < 4; ++i) {
    bytes += std::string("\0\0\xc0\x7f", 4);
  }
  util::write_text(path, bytes);
}

/// What the table's command lines refer to.
void make_inputs(const fs::path& folder) {
  media::Audio sound;
  sound.samples.assign(16000, 0.1F);
  media::write_wav(folder / "song.wav", sound);
  util::write_text(folder / "empty.wav", "");
  write_nan_wav(folder / "bad.wav");
  util::write_text(folder / "noise.mp3", "this is no music at all");
  util::write_text(folder / "taken.mp4", "mine");
  util::write_text(folder / "ragged.json", R"({"fps": 10, "frames": [[[1, 2, 1]]]})");
  util::write_text(folder / "typo.yaml", "model:\n  name: stg_mamba\n  blokcs: 1\n");
  util::write_text(folder / "type.yaml", "model:\n  name: stg_mamba\n  blocks: many\n");
  util::write_text(folder / "good.yaml", "model:\n  name: mdvs\n");
  util::write_text(folder / "rules.txt", "strip module.\ndrop fcn.*\n");
  media::VideoWriter silent(folder / "silent.mp4", {});
  for (int i = 0; i < 5; ++i) {
    silent.write(media::Image(640, 360));
  }
  silent.finish();
  util::make_folders(folder / "runs/torn/checkpoints/step_000000010");
  util::write_text(folder / "runs/torn/checkpoints/step_000000010/generator.safetensors", "half");
  util::make_folders(folder / "bundle");
  media::save_image(folder / "photo.png", media::Image(160, 120, {90, 120, 150}));
  media::save_image(folder / "strip.png", media::Image(600, 4));
  util::write_text(folder / "noise.jpg", "no picture");
  util::write_text(folder / "two.json", "[[1, 2], [3, 4]]");
  util::write_text(
      folder / "point.json", "[" + [] {
        std::string list = "[80, 60]";
        for (int v = 1; v < 18; ++v) {
          list += ", [80, 60]";
        }
        return list;
      }() + "]");
}

const Broken kTable[] = {
    {"stg_generate", 2, "--music is required"},
    {"stg_generate --musik song.wav -o a.mp4", 2, "did you mean '--music'?"},
    {"stg_generate --music song.wav", 2, "nothing to write"},
    {"stg_generate --music song.wav -o a.avi", 2, "must be an .mp4, a .gif or a .png"},
    {"stg_generate --music song.wav -o taken.mp4", 2, "taken.mp4: exists; add --force"},
    {"stg_generate --music song.wav -o a.mp4 --fps fast", 2, "--fps must be a rate"},
    {"stg_generate --music song.wav -o a.mp4 --seconds -3", 2, "--seconds"},
    {"stg_generate --music song.wav -o a.mp4 --device cuda:99 --motion runs/torn", 2, "--device cuda:99"},
    {"stg_generate --music song.wav -o a.mp4 --runs-dir none", 2, "stg_train --config"},
    {"stg_generate --music song.wav -o a.mp4 --motion runs/none", 5, "runs/none: no such run"},
    {"stg_generate --music song.wav -o a.mp4 --motion runs/torn", 5, "runs/torn: holds no whole checkpoint"},
    {"stg_generate --music none.wav -o a.mp4 --motion runs/torn", 4, "none.wav"},
    {"stg_generate --music empty.wav -o a.mp4 --motion runs/torn", 4, "empty.wav"},
    {"stg_generate --music noise.mp3 -o a.mp4 --motion runs/torn", 4, "noise.mp3"},
    {"stg_generate --music silent.mp4 -o a.mp4 --motion runs/torn", 4, "silent.mp4"},
    {"stg_generate --music song.wav --start 100 -o a.mp4 --motion runs/torn", 4, "song.wav"},
    {"stg_generate --from-skeleton ragged.json -o a.mp4", 4, "ragged.json: frame 0 must have 18 joints"},
    {"stg_generate --from-skeleton none.npz -o a.mp4", 4, "none.npz"},
    {"stg_generate --music song.wav -o /proc/a/b.mp4 --motion runs/torn", 7, "/proc/a"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --start 1e300", 2, "--start"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --seconds nan", 2, "--seconds"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --seed -1", 2, "--seed"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --save-skeleton a.bvh", 2, "a.bvh"},
    {"stg_generate --music taken.mp4 -o taken.mp4 --motion demo --force", 2, "is what this command reads"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video cutout", 2, "needs a photo: --image"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png", 2,
     "photo.png: where the person's joints"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --overlay skeleton", 2,
     "--overlay goes with --image or --video puppet"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video ''", 2, "--video: must not be empty"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image ''", 2, "--image: must not be empty"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png --image-pose ''", 2,
     "--image-pose: must not be empty"},
    {"stg_generate --music song.wav -o a.mp4 --motion ''", 2, "--motion: must not be empty"},
    {"stg_generate --music song.wav --save-skeleton a.npz --motion demo --image photo.png", 2, "give -o VIDEO.mp4"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png --image-pose two.json --scale 2", 2,
     "--scale is for skeletons and puppets"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png --image-pose two.json --pose-model p.onnx",
     2, "give one of the two"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --identity 3", 2, "--identity goes with --video puppet"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image-frame 3", 2, "--image-frame goes with --image-pose"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video runs/v --image photo.png", 2,
     "a trained video model; there is no 'runs/v'"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video runs/torn", 2, "needs a photo: --image"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video runs/torn --image photo.png", 5,
     "runs/torn: holds no whole checkpoint"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video photo.png --image photo.png", 5,
     "photo.png: a video model is a run"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video runs/torn --image photo.png --height 300", 2,
     "the size that it was trained on"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video puppet --video-batch 3", 2, "--video MODEL"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video runs/torn --image photo.png --video-batch 0", 2,
     "--video-batch"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video puppet --identity 40", 2, "--identity"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --video puppet --image photo.png", 2, "draws no photo"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png --image photo.png --image-pose two.json",
     2, "once for every --image, got 1 for 2"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image none.png --image-pose two.json", 4, "none.png"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image noise.jpg --image-pose two.json", 4, "noise.jpg"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image strip.png --image-pose two.json", 4, "no strip"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png --image-pose none.json", 4, "none.json"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png --image-pose two.json", 4,
     "18 (OpenPose)"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png --image-pose point.json", 4,
     "photo.png: the person must be at least"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --image photo.png --pose-model song.wav", 4,
     "song.wav: not an ONNX network"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --checkpoint best", 2, "not for --motion demo"},
    {"stg_generate --from-skeleton ragged.json -o a.mp4 --long whole_song", 2, "not for --from-skeleton"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --skeleton-fps 30", 2, "goes with --from-skeleton"},
    {"stg_generate --music song.wav -o a.mp4 --motion demo --scale nan", 2, "--scale: must be a finite number"},
    {"stg_generate --music bad.wav -o a.mp4 --motion demo", 4, "bad.wav: samples must be finite numbers"},
    {"stg_train --config type.yaml --max-time 0", 2, "--max-time"},
    {"stg_eval", 2, "give either --generated"},
    {"stg_eval --generated bundle --data none", 4, "none"},
    {"stg_eval --generated bundle", 2, "--data"},
    {"stg_eval --parity out", 2, "--config is required"},
    {"stg_eval --config none.yaml --parity out", 3, "none.yaml"},
    {"stg_eval --config typo.yaml --parity out", 3, "blokcs"},
    {"stg_eval --config type.yaml --parity out", 3, "type.yaml:3"},
    {"stg_eval --config typo.yaml --checkpoint runs/none --parity out", 3, "blokcs"},
    {"stg_eval --parity bundle --check", 5, "outputs.safetensors"},
    {"stg_eval --parity bundle --check --batch 3", 2, "--check excludes --batch"},
    {"stg_eval --parity bundle --tolerance 1e-3", 2, "--tolerance requires --check"},
    {"stg_eval --table 4 --check", 2, "--check requires --parity"},
    {"stg_eval --table 4 --batch 3", 2, "--batch requires --parity"},
    {"stg_eval --config good.yaml --scaling --frames 9", 2, "--frames requires --parity"},
    {"stg_train --config good.yaml --run-name ../out", 2, "--run-name"},
    {"stg_train --config good.yaml --run-name out/run", 2, "must be one folder name"},
    {"stg_train --config good.yaml --check --run-name out/run", 2, "must be one folder name"},
    {"stg_train --config good.yaml --run-name $(printf '%0201d' 7)", 2, "of at most 200 bytes"},
    {"stg_train --config good.yaml --verify-resume 2 --run-name $(printf '%0300d' 7)", 2, "of at most 200 bytes"},
    {"stg_train --config good.yaml --map mdvs", 3, "train.init_from, which is not set"},
    {"stg_train --config good.yaml --init-from w.pth --map mvds", 3, "built-in maps mdvs, stgcn"},
    {"stg_train --config good.yaml --init-from w.pth --map rules.txt", 3, "rules.txt:2: must be"},
    {"stg_train --config good.yaml loss.perceptual.weight=1 loss.perceptual.weights=runs/p data.root=.", 5,
     "stg_train --config tiny_style_classifier.yaml data.root=DATASET --run-name p"},
    {"stg_train", 2, "--config"},
    {"stg_train --config none.yaml", 3, "none.yaml"},
    {"stg_eval --generated . --data . --device cuda", 2, "--device"},
    {"stg_eval --generated . --data . --seeds 1 2 3", 2, "expects overrides like optim.lr=1e-3, got '2'"},
    {"stg_eval --generated . --data . model.d=8", 2, "'model.d=8' changes the runs of a --table"},
    {"stg_eval --figure 5 --data . --fail-if 'bc<2'", 2, "figure 5 has no use for --fail-if"},
    {"stg_eval --figure 10 --data . --run-missing", 2, "figure 10 has no use for --run-missing"},
    {"stg_eval --scaling --config good.yaml --table 4", 2, "--scaling has no use for --table"},
    {"stg_eval --export out --checkpoint runs/torn --fail-if 'bc<2'", 5, "runs/torn"},
    {"stg_eval --cards --seeds 4", 2, "--cards has no use for --seeds"},
    {"stg_data synth --preset tiny --frame-size 64 --out set", 2, "--frame-size goes with --preset video"},
    {"stg_data synth --preset tiny --frame-size 128 --out set", 2, "--frame-size goes with --preset video"},
    {"stg_data", 2, "subcommand"},
    {"stg_data chekc x", 2, "did you mean 'check'?"},
    {"stg_data check none", 4, "none"},
    {"stg_data beats none.mp3", 4, "none.mp3"},
    {"stg_data beats noise.mp3", 4, "noise.mp3"},
    {"stg_data beats song.wav --window 1001", 2, "--window must be even"},
    {"stg_data beats song.wav --tightness nan", 2, "--tightness: must be a finite number, got 'nan'"},
    {"stg_data beats song.wav --tightness inf", 2, "--tightness: must be a finite number, got 'inf'"},
    {"stg_data beats song.wav --bpm NAN", 2, "--bpm: must be a finite number, got 'NAN'"},
    {"stg_data import openpose none --media song.wav --style kpop --out set", 4, "none"},
    {"stg_data import openpose none --media song.wav --style kpop --out set --frame-size 64", 2,
     "--frame-size counts only with --film"},
    {"stg_data import openpose none --media song.wav --style kpop --out set --film letterbox --frame-size 63", 2,
     "--frame-size must be even, got 63"},
    {"stg_data import joints3d none.json --song song.wav --style kpop --out set --warp beats", 4, "none.json"},
    {"stg_data import joints3d none.json --song song.wav --style kpop --out set --warp best", 2, "--warp"},
    {"stg_data import joints3d none.json --song song.wav --style kpop --out set --every 3", 2,
     "--every counts only with --warp beats"},
    {"stg_data import joints3d none.json --song song.wav --style kpop --out set --warp beats --first-beat 0", 2,
     "--first-beat requires --bpm"},
    {"stg_data import joints3d none.json --style kpop --out set --allow-silent --warp beats", 2, "--song"},
};

class BrokenInput : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenInput, EndsInOneLineAndTheRightCode) {
  const Broken& broken = GetParam();
  const TempFolder folder;
  make_inputs(folder.path());
  const ToolRun run = run_tool(broken.line, folder.path());
  EXPECT_EQ(run.code, broken.code) << run.err;
  EXPECT_THAT(run.err, HasSubstr(broken.says));
  EXPECT_EQ(run.out, "");
  // Warnings may stand before it; the error itself is one line, the last.
  const std::size_t line = run.err.rfind('\n', run.err.size() - 2) + 1;
  EXPECT_EQ(run.err.substr(line).rfind("error: ", 0), 0U) << run.err;
  EXPECT_EQ(run.err.find("backtrace"), std::string::npos) << run.err;
  EXPECT_FALSE(fs::exists(folder / "a.mp4"));
  EXPECT_FALSE(fs::exists(folder / "out"));
  EXPECT_FALSE(fs::exists(folder / "set"));
  EXPECT_EQ(util::read_text(folder / "taken.mp4"), "mine");
}

INSTANTIATE_TEST_SUITE_P(Table, BrokenInput, ::testing::ValuesIn(kTable));

}  // namespace
}  // namespace stgmamba::test
