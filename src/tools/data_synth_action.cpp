// SPDX-License-Identifier: MIT
// stg_data synth: the synthetic corpus as a dataset folder.
#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/dataset.hpp"
#include "stgmamba/eval/synth_report.hpp"
#include "stgmamba/synth/corpus.hpp"
#include "stgmamba/synth/puppet.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"

#include "tools/data_actions.hpp"

namespace stgmamba::tools {
namespace {

using synth::TakeSpec;

/// Takes that share a song, so that it is made once.
std::vector<std::vector<TakeSpec>> by_song(const std::vector<TakeSpec>& specs) {
  std::vector<std::vector<TakeSpec>> songs;
  for (const TakeSpec& spec : specs) {
    if (songs.empty() || songs.back().front().song != spec.song) {
      songs.emplace_back();
    }
    songs.back().push_back(spec);
  }
  return songs;
}

/// The take's video: the dance at the model's rate, performed by the take's puppet.
void film(data::Take& take, int puppet, std::uint64_t seed, int size) {
  take.motion = skeleton::resample(take.motion, data::kFps);
  synth::PuppetClip clip = synth::film_puppet(take.motion, seed, puppet, size);
  take.frames = std::move(clip.frames);
  take.info.person = synth::puppet_name(puppet);
  take.info.framing = {size, size, clip.scale, clip.left, clip.top, 1.0, data::kFramings.front()};
}

struct FilmOptions {
  std::uint64_t seed = 1;
  int size = 128;  // px
};

data::Take make_take(const TakeSpec& spec, const synth::Song& song, const FilmOptions& options) {
  data::Take take;
  take.info.id = spec.id;
  take.info.source = spec.source;
  take.info.song = spec.song;
  take.info.style = std::string(synth::style_name(spec.song_spec.style));
  take.info.beats = song.beats;
  for (const synth::Section& section : song.sections) {
    take.info.sections.push_back(section.start);
  }
  take.audio = song.audio;
  take.motion = synth::make_dance(song, spec.dance_seed, spec.dance).motion;
  if (spec.puppet >= 0) {
    film(take, spec.puppet, options.seed, options.size);
  }
  take.info.fps = take.motion.fps;
  return take;
}

/// Songs in parallel; the folder's content does not depend on who makes which.
class CorpusMaker {
 public:
  CorpusMaker(const std::vector<TakeSpec>& specs, data::DatasetWriter& writer, const FilmOptions& film)
      : songs_(by_song(specs)), writer_(writer), film_(film), progress_("make", std::ssize(specs), "take") {}

  void run(int threads) {
    std::vector<std::thread> workers;
    workers.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([this] { work(); });
    }
    for (std::thread& worker : workers) {
      worker.join();
    }
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    progress_.finish();
  }

 private:
  void work() {
    try {
      for (std::size_t i = next_++; i < songs_.size(); i = next_++) {
        const synth::Song song = synth::make_song(songs_[i].front().song_spec);
        for (const TakeSpec& spec : songs_[i]) {
          if (util::stop_requested()) {
            throw StoppedError("stopped; no dataset was written, run the same command again");
          }
          writer_.add(make_take(spec, song, film_));
          const std::lock_guard<std::mutex> guard(mutex_);
          progress_.update(++done_);
        }
      }
    } catch (...) {
      const std::lock_guard<std::mutex> guard(mutex_);
      failure_ = failure_ ? failure_ : std::current_exception();
      next_ = songs_.size();
    }
  }

  std::vector<std::vector<TakeSpec>> songs_;
  data::DatasetWriter& writer_;
  FilmOptions film_;
  util::Progress progress_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::int64_t done_ = 0;
  std::exception_ptr failure_;
};

class SynthAction : public DataAction {
 public:
  CLI::App* declare(CLI::App& app) override;
  int run(const SharedFlags& flags) override;

 private:
  int self_test(const SharedFlags& flags) const;

  std::string preset_ = "tiny", out_;
  std::vector<std::string> styles_;
  synth::DanceOptions dance_;
  int frame_size_ = 128;
  CLI::Option* frame_size_option_ = nullptr;
  bool force_ = false, self_test_ = false;
};

CLI::App* SynthAction::declare(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("synth", "Make the synthetic corpus: songs and dances with known beats");
  sub->add_option("--preset", preset_,
                  "tiny (6 songs of 20 s), small (64 of 20 s), table (84 of 40 to 60 s) or video (40 of 5 s, filmed)")
      ->check(CLI::IsMember({"tiny", "small", "table", "video"}))
      ->capture_default_str();
  sub->add_option("--out", out_, "Dataset folder to make");
  sub->add_option("--styles", styles_, "Only these styles (default: the preset's)")
      ->check(CLI::IsMember(data::kStyles))
      ->delimiter(',');
  sub->add_option("--coupling", dance_.coupling, "Share of the phrases that follow the music")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  sub->add_option("--diversity", dance_.diversity, "Spread of dancers and figures")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  frame_size_option_ =
      sub->add_option("--frame-size", frame_size_, "Pixels of each side of the video preset's pictures, even");
  frame_size_option_->check(CLI::Range(32, 1024))->capture_default_str();
  sub->add_flag("-f,--force", force_, "Replace a dataset that exists");
  sub->add_flag("--self-test", self_test_, "Measure what there is to learn and gate it; writes nothing");
  return sub;
}

int SynthAction::self_test(const SharedFlags& flags) const {
  eval::SynthTestOptions options;
  options.dance = dance_;
  const eval::SynthReport report = eval::run_synth_self_test(flags.seed.value_or(1), options);
  if (flags.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const eval::SynthReportRow& row : report.rows) {
      rows.push_back({{"name", row.name}, {"value", row.value}, {"gate", row.gate}, {"ok", row.ok}});
    }
    print_result(nlohmann::json{{"rows", rows}, {"ok", report.ok()}});
  } else {
    print_result(report.text());
  }
  return static_cast<int>(report.ok() ? ExitCode::kDone : ExitCode::kGate);
}

int SynthAction::run(const SharedFlags& flags) {
  if (self_test_) {
    return self_test(flags);
  }
  if (out_.empty()) {
    throw UsageError("stg_data synth: --out is required (or --self-test)");
  }
  if (preset_ != "video" && frame_size_option_->count() > 0) {
    throw UsageError("--frame-size goes with --preset video; the others have no pictures");
  }
  if (frame_size_ % 2 != 0) {
    throw UsageError("--frame-size must be even, got {}", frame_size_);
  }
  util::install_stop_signals();
  const std::uint64_t seed = flags.seed.value_or(1);
  std::vector<synth::Style> styles;
  for (const std::string& name : styles_) {
    styles.push_back(synth::style_from_name(name));
  }
  const std::vector<TakeSpec> specs = synth::corpus(synth::preset_from_name(preset_), seed, styles, dance_);
  data::DatasetWriter::Card card;
  card.name = "synthetic corpus, " + preset_;
  card.licence = "CC0-1.0";
  card.origin = "made by stgmamba: songs, dances and their beats are functions of the seed";
  card.made_by = fmt::format("stg_data synth --preset {} --seed {} --coupling {} --diversity {}", preset_, seed,
                             dance_.coupling, dance_.diversity) +
                 (preset_ == "video" ? fmt::format(" --frame-size {}", frame_size_) : "") +
                 (styles_.empty() ? "" : " --styles " + util::join(styles_, ","));
  data::DatasetWriter writer(out_, card, force_);
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  CorpusMaker(specs, writer, {seed, frame_size_}).run(flags.threads > 0 ? flags.threads : cores);
  std::map<std::string, std::vector<std::string>> splits;
  for (const TakeSpec& spec : specs) {
    splits[spec.split].push_back(spec.id);
  }
  nlohmann::json counts = nlohmann::json::object();
  for (auto& [name, ids] : splits) {
    counts[name] = ids.size();
    writer.set_split(name, std::move(ids));
  }
  writer.finish();
  if (flags.json) {
    print_result(nlohmann::json{{"folder", out_}, {"takes", specs.size()}, {"splits", counts}, {"seed", seed}});
  } else {
    print_result(fmt::format("{}  {} takes: {} train, {} val, {} test", out_, specs.size(), counts.value("train", 0),
                             counts.value("val", 0), counts.value("test", 0)));
  }
  return static_cast<int>(ExitCode::kDone);
}

}  // namespace

std::unique_ptr<DataAction> make_synth_action() {
  return std::make_unique<SynthAction>();
}

}  // namespace stgmamba::tools
