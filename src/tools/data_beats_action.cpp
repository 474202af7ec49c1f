// SPDX-License-Identifier: MIT
// stg_data beats: tempo and beats of any song.
#include <string>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/media/audio.hpp"
#include "stgmamba/music/beat.hpp"

#include "tools/data_actions.hpp"

namespace stgmamba::tools {
namespace {

class BeatsAction : public DataAction {
 public:
  CLI::App* declare(CLI::App& app) override {
    CLI::App* sub = app.add_subcommand("beats", "Tempo and beats of a song, as the metrics use them");
    sub->add_option("song", song_, "Any file with sound")->required();
    sub->add_option("--bpm", options_.bpm, "Beats a minute where they are known (default: estimated)")
        ->check(CLI::Range(20.0, 400.0));
    sub->add_option("--usual-bpm", options_.tempo.usual_bpm, "Tempo that is likeliest before listening")
        ->check(CLI::Range(20.0, 400.0))
        ->capture_default_str();
    sub->add_option("--tightness", options_.tightness, "How dearly a beat pays for being early or late")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    sub->add_flag("!--no-trim", options_.trim, "Keep beats before the first and after the last clear onset");
    sub->add_option("--rate", rate_, "Samples a second that are analysed")
        ->check(CLI::Range(8000, 192000))
        ->capture_default_str();
    sub->add_option("--window", options_.onset.mel.window, "Samples a spectrum sees, even")
        ->check(CLI::Range(64, 65536))
        ->capture_default_str();
    sub->add_option("--hop", options_.onset.mel.hop, "Samples between spectra")
        ->check(CLI::Range(16, 4096))
        ->capture_default_str();
    sub->add_option("--aggregate", aggregate_, "Onset strength is the bands' mean or median")
        ->check(CLI::IsMember({"mean", "median"}))
        ->capture_default_str();
    return sub;
  }
  int run(const SharedFlags& flags) override {
    if (options_.onset.mel.window % 2 != 0) {
      throw UsageError("--window must be even, got {}", options_.onset.mel.window);
    }
    using Aggregate = music::OnsetOptions::Aggregate;
    options_.onset.aggregate = aggregate_ == "mean" ? Aggregate::kMean : Aggregate::kMedian;
    const media::Audio audio = media::decode_audio(song_, rate_);
    const music::Beats beats = music::find_beats(audio, options_);
    if (flags.json) {
      print_result(
          nlohmann::json{{"file", song_}, {"seconds", audio.seconds()}, {"bpm", beats.bpm}, {"beats", beats.times}});
      return static_cast<int>(ExitCode::kDone);
    }
    std::string text = beats.times.empty() ? fmt::format("{}: no beats\n", song_)
                                           : fmt::format("{}: {:.1f} beats a minute, {} beats, at seconds\n", song_,
                                                         beats.bpm, beats.times.size());
    for (const double beat : beats.times) {
      text += fmt::format("{:.3f}\n", beat);
    }
    print_result(text);
    return static_cast<int>(ExitCode::kDone);
  }

 private:
  std::string song_, aggregate_ = "median";
  music::BeatOptions options_;
  int rate_ = 16000;
};

}  // namespace

std::unique_ptr<DataAction> make_beats_action() {
  return std::make_unique<BeatsAction>();
}

}  // namespace stgmamba::tools
