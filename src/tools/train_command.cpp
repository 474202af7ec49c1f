// SPDX-License-Identifier: MIT
#include "stgmamba/tools/train_command.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/tools/program.hpp"
#include "stgmamba/train/trainer.hpp"
#include "stgmamba/train/verify_resume.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"
#include "stgmamba/util/text.hpp"
#include "stgmamba/weights/name_map.hpp"

namespace stgmamba::tools {

namespace {

/// "11h50m", "90s", "1.5h", "600" (seconds).
double parse_duration(const std::string& text) {
  double total = 0.0;
  std::string number;
  bool any = false;
  const auto take = [&](double unit) {
    double value = 0.0;
    if (!util::parse_number(number, value) || value < 0) {
      throw UsageError("--max-time: expects a duration like 11h50m, 90s or 600, got '{}'", text);
    }
    total += value * unit;
    number.clear();
    any = true;
  };
  for (const char c : text) {
    if (c == 'h' || c == 'm' || c == 's') {
      take(c == 'h' ? 3600.0 : c == 'm' ? 60.0 : 1.0);
    } else {
      number += c;
    }
  }
  if (!number.empty() || !any) {
    take(1.0);
  }
  if (!(total > 0)) {
    throw UsageError("--max-time: must be longer than nothing, got '{}'", text);
  }
  return total;
}

/// The command line that trains as `options` say, for a new process of this very program.
std::vector<std::string> session_arguments(const train::TrainOptions& options, int verbosity) {
  std::vector<std::string> words = {
      "stg_train",  "--config",       options.config, "--runs-dir",  options.runs_dir.string(),
      "--run-name", options.run_name, "--resume",     options.resume};
  if (options.max_steps >= 0) {
    words.insert(words.end(), {"--max-steps", std::to_string(options.max_steps)});
  }
  if (!options.init_from.empty()) {
    words.insert(words.end(), {"--init-from", options.init_from});
  }
  if (!options.init_map.empty()) {
    words.insert(words.end(), {"--map", options.init_map});
  }
  for (const std::string& glob : options.allow_missing) {
    words.insert(words.end(), {"--allow-missing", glob});
  }
  if (verbosity <= 0) {
    words.emplace_back("--quiet");
  }
  words.insert(words.end(), options.overrides.begin(), options.overrides.end());
  return words;
}

/// Runs one session in a new process and returns its exit code.
int launch_session(const train::TrainOptions& options, int verbosity) {
  std::vector<std::string> words = session_arguments(options, verbosity);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  pid_t child = 0;
  // Its summary is not our result; its log is ours.
  posix_spawn_file_actions_t streams;
  posix_spawn_file_actions_init(&streams);
  posix_spawn_file_actions_addopen(&streams, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const int failure = posix_spawn(&child, "/proc/self/exe", &streams, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&streams);
  if (failure != 0) {
    throw ResourceError("/proc/self/exe: cannot start a session: {}", std::strerror(failure));
  }
  int status = 0;
  bool told = false;
  while (waitpid(child, &status, WNOHANG) == 0) {  // a signal does not end a wait, so look now and then
    if (util::stop_requested() && !told) {
      kill(child, SIGKILL);  // nothing of it is kept, so it need not save
      told = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  if (util::stop_requested()) {
    throw StoppedError("stopped before the proof was complete; nothing was kept, run the same command again");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

nlohmann::json to_json(const train::TrainSummary& summary) {
  return {{"run", summary.run.string()},
          {"checkpoint", summary.checkpoint.string()},
          {"step", summary.step},
          {"start_step", summary.start_step},
          {"total_steps", summary.total_steps},
          {"parameters", summary.parameters},
          {"seconds", summary.seconds},
          {"validation", summary.validation}};
}

std::string to_text(const train::TrainSummary& summary) {
  std::string text = fmt::format("run         {}\ncheckpoint  {}\nsteps       {} (from {})\ntime        {}\n",
                                 summary.run.string(), summary.checkpoint.string(), summary.step, summary.start_step,
                                 util::format_duration(summary.seconds));
  for (const auto& [name, value] : summary.validation) {
    text += fmt::format("{:<22} {:.4f}\n", name, value);
  }
  return text;
}

class TrainCommand : public Command {
 public:
  TrainCommand(int argc, char** argv) : words_(argv, argv + argc) {}
  std::string name() const override { return "stg_train"; }
  std::string summary() const override {
    return "Trains or fine-tunes a task from a configuration, into runs/<name>/. A stopped run continues where it was.";
  }
  std::string examples() const override {
    return "stg_train --config tiny_kpop.yaml\n"
           "  stg_train --config kpop.yaml optim.lr=1e-4 --run-name slow\n"
           "  stg_train --config finetune.yaml --init-from runs/kpop --max-time 11h50m";
  }
  void declare(CLI::App& app) override;
  int run(const SharedFlags& flags) override;

 private:
  int print_config() const;
  int check(const SharedFlags& flags) const;
  int verify(const SharedFlags& flags) const;

  std::vector<std::string> words_;
  train::TrainOptions options_;
  std::string max_time_, print_, runs_dir_ = "runs";
  bool check_ = false;
  std::int64_t verify_steps_ = 0;
};

void TrainCommand::declare(CLI::App& app) {
  app.add_option("-c,--config", options_.config, "Configuration: a path, or a bare name looked up in ./ and configs/")
      ->required();
  app.add_option("overrides", options_.overrides, "key=value, typed like the file: optim.lr=1e-3");
  app.add_option("--resume", options_.resume, "auto, never, or a checkpoint: step or path")->capture_default_str();
  app.add_option("--init-from", options_.init_from, "Weights to start from: .safetensors, .pth, checkpoint or run");
  app.add_option("--map", options_.init_map,
                 "Name rules for --init-from: a file, or one of " + util::join(weights::NameMap::built_in(), ", "));
  app.add_option("--allow-missing", options_.allow_missing,
                 "Names that --init-from need not hold, as a GLOB; may be given again")
      ->allow_extra_args(false);
  app.add_option("--runs-dir", runs_dir_, "Where runs live")->capture_default_str();
  app.add_option("--run-name", options_.run_name, "Name of the run (default: the configuration's)");
  app.add_option("--max-steps", options_.max_steps, "Stop with the state saved after N steps (exit code 75)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--max-time", max_time_, "Stop with the state saved after a time like 11h50m (exit code 75)");
  app.add_flag("--check", check_, "Check configuration, data, weights and disk, run one step; leaves nothing");
  app.add_flag("--print-config{plain}", print_,
               "Print the resolved configuration; =sources says where each value is from")
      ->check(CLI::IsMember({"plain", "sources"}));
  app.add_option("--verify-resume", verify_steps_, "Prove 2N steps == N + resume + N, bit for bit, in new processes")
      ->check(CLI::Range(1, 1'000'000));
}

int TrainCommand::run(const SharedFlags& flags) {
  require_overrides(name(), options_.overrides);
  options_.runs_dir = runs_dir_;
  options_.command = util::join(words_, " ");
  if (!max_time_.empty()) {
    options_.max_seconds = parse_duration(max_time_);
  }
  // Shared flags are overrides in the end, so that run.json and new processes see them too.
  if (flags.seed) {
    options_.overrides.push_back(fmt::format("seed={}", *flags.seed));
  }
  if (flags.threads > 0) {
    options_.overrides.push_back(fmt::format("train.threads={}", flags.threads));
  }
  if (flags.device != "auto") {
    options_.overrides.push_back("device=" + flags.device);
  }
  if (!print_.empty()) {
    return print_config();
  }
  if (check_) {
    return check(flags);
  }
  if (verify_steps_ > 0) {
    return verify(flags);
  }
  util::install_stop_signals();
  const train::TrainSummary summary = train::run_training(options_);
  if (flags.json) {
    print_result(to_json(summary));
  } else {
    print_result(to_text(summary));
  }
  return static_cast<int>(ExitCode::kDone);
}

int TrainCommand::print_config() const {
  print_result(train::print_config(options_, print_ == "sources"));
  return static_cast<int>(ExitCode::kDone);
}

int TrainCommand::check(const SharedFlags& flags) const {
  const train::TrainSummary summary = train::check_training(options_);
  if (flags.json) {
    print_result(to_json(summary));
  } else {
    print_result(fmt::format("ready: {} would train {} parameters for {} steps; one step took part in {}",
                             summary.run.string(), summary.parameters, summary.total_steps,
                             util::format_duration(summary.seconds)));
  }
  return static_cast<int>(ExitCode::kDone);
}

int TrainCommand::verify(const SharedFlags& flags) const {
  util::install_stop_signals();
  const train::ResumeProof proof = train::verify_resume(
      options_, verify_steps_,
      [&flags](const train::TrainOptions& session) { return launch_session(session, flags.verbosity); });
  const bool proven = proof.equal && proof.moved > 0;
  if (flags.json) {
    print_result(nlohmann::json{{"equal", proof.equal},
                                {"tensors", proof.tensors},
                                {"different", proof.different},
                                {"steps", proof.steps},
                                {"epoch_steps", proof.epoch_steps},
                                {"workers", {proof.workers_first, proof.workers_second}},
                                {"moved", proof.moved}});
  } else {
    print_result(fmt::format(
        "{} steps at once against {} + resume in a new process + {} ({} steps an epoch, {} then {} workers):\n"
        "{} of {} tensors bit-equal; weights moved by up to {:.3g} since step 0\n{}",
        proof.steps, proof.steps / 2, proof.steps / 2, proof.epoch_steps, proof.workers_first, proof.workers_second,
        proof.tensors - std::ssize(proof.different), proof.tensors, proof.moved,
        proven ? "resume verified" : "resume NOT verified"));
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(proof.different.size(), 10); ++i) {
    util::log().error("differs: {}", proof.different[i]);
  }
  return static_cast<int>(proven ? ExitCode::kDone : ExitCode::kGate);
}

}  // namespace

int train_main(int argc, char** argv) {
  TrainCommand command(argc, argv);
  return run_program(argc, argv, command);
}

}  // namespace stgmamba::tools
