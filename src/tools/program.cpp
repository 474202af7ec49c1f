// SPDX-License-Identifier: MIT
#include "stgmamba/tools/program.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <vector>

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/log.hpp"
#include "stgmamba/util/memory.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::tools {
namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// "--music" and "-o", of the program and of the subcommands that were named.
void collect_flags(const CLI::App& app, std::vector<std::string>& flags) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      flags.push_back("--" + name);
    }
    for (const std::string& name : option->get_snames()) {
      flags.push_back("-" + name);
    }
  }
  for (const CLI::App* sub : app.get_subcommands()) {
    collect_flags(*sub, flags);
  }
}

/// The first flag that was given "inf", or "nan", which every range lets through; empty where there is none.
std::string not_finite(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_type_name().starts_with("FLOAT")) {
      continue;
    }
    for (const std::string& text : option->results()) {
      if (!std::isfinite(std::strtod(text.c_str(), nullptr))) {
        return fmt::format("{}: must be a finite number, got '{}'", option->get_name(), text);
      }
    }
  }
  for (const CLI::App* sub : app.get_subcommands()) {
    if (std::string problem = not_finite(*sub); !problem.empty()) {
      return problem;
    }
  }
  return {};
}

/// The first option that was given "": most often a script's variable that is not set. Empty where there is none.
std::string left_empty(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const auto& texts = option->results();
    if (std::find(texts.begin(), texts.end(), "") != texts.end()) {
      return fmt::format("{}: must not be empty", option->get_name());
    }
  }
  for (const CLI::App* sub : app.get_subcommands()) {
    if (std::string problem = left_empty(*sub); !problem.empty()) {
      return problem;
    }
  }
  return {};
}

/// What is wrong with the command line. A mistyped flag comes first: it is often why another one is missing.
std::string usage_problem(const CLI::App& app, const CLI::ParseError& error) {
  std::vector<std::string> flags;
  collect_flags(app, flags);
  for (const std::string& word : app.remaining(true)) {
    const std::string flag = word.substr(0, word.find('='));
    if (flag.size() > 1 && flag[0] == '-') {
      const std::string near = util::nearest(flag, flags);
      return fmt::format("unknown option '{}'{}", flag, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
    }
  }
  for (const std::string& word : app.remaining(true)) {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(sub->get_name());
    }
    const std::string near = util::nearest(word, names);
    return fmt::format("unexpected '{}'{}", word, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
  }
  const std::string problem = not_finite(app);
  return problem.empty() ? first_line(error.what()) : problem;
}

void complain(const std::string& message) {
  util::log().error("{}", message);
}

bool out_of_memory(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr || text.find("out of memory") != text.npos ||
         text.find("can't allocate memory") != text.npos;
}

/// Runs `action`, turns what it throws into a line and an exit code.
template <typename Action>
int guarded(int verbosity, Action&& action) {
  try {
    return action();
  } catch (const StoppedError& stopped) {  // as asked, and nothing is lost
    util::log().info("{}", stopped.what());
    return static_cast<int>(stopped.code());
  } catch (const Error& error) {
    complain(error.what());
    return static_cast<int>(error.code());
  } catch (const c10::Error& error) {
    const bool memory = out_of_memory(error);
    complain(verbosity > 0 ? error.what() : first_line(error.what_without_backtrace()));
    return static_cast<int>(memory ? ExitCode::kResource : ExitCode::kBug);
  } catch (const std::bad_alloc&) {
    complain("out of memory: try a smaller batch, fewer variants or a shorter stretch");
    return static_cast<int>(ExitCode::kResource);
  } catch (const std::filesystem::filesystem_error& error) {
    complain(error.what());
    return static_cast<int>(ExitCode::kResource);
  } catch (const std::exception& error) {
    complain(fmt::format("internal error: {}", verbosity > 0 ? error.what() : first_line(error.what())));
    return static_cast<int>(ExitCode::kBug);
  }
}

std::string versions_text() {
  std::string text;
  const nlohmann::json all = versions();
  for (const char* name : {"stgmamba", "libtorch", "cuda", "cudnn", "ffmpeg", "opencv", "scan"}) {
    text += fmt::format("{}{:<9} {}", text.empty() ? "" : "\n", name, all.at(name).get<std::string>());
  }
  return text;
}

struct RawFlags {
  bool quiet = false, verbose = false;
  std::string color = "auto";
};

void declare_shared(CLI::App& app, SharedFlags& flags, RawFlags& raw, bool uses_gpu) {
  const char* group = kSharedGroup;
  app.add_flag("-q,--quiet", raw.quiet, "Only warnings and errors")->group(group);
  app.add_flag("-v,--verbose", raw.verbose, "More on the log, backtraces with errors")->group(group)->excludes("-q");
  app.add_flag("--json", flags.json, "Results on stdout as JSON")->group(group);
  app.add_option("--color", raw.color, "Colours on the log")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->group(group);
  app.add_option("--seed", flags.seed, "Seed of everything random")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const bool digits = !text.empty() && text.size() < 20 &&
                                std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
            return digits ? std::string() : fmt::format("must be a whole number from 0 to 10^19 - 1, got '{}'", text);
          },
          ""))
      ->group(group);
  app.add_option("--threads", flags.threads, "CPU threads (0: LibTorch's choice)")
      ->check(CLI::Range(0, 1024))
      ->group(group);
  CLI::Option* device = app.add_option("--device", flags.device,
                                       uses_gpu ? "cpu, cuda, cuda:1 ... or auto" : "cpu or auto: no GPU needed")
                            ->capture_default_str()
                            ->group(group);
  if (!uses_gpu) {
    device->check(CLI::IsMember({"cpu", "auto"}));
  }
}

void apply_shared(SharedFlags& flags, const RawFlags& raw) {
  util::keep_freed_memory();
  flags.verbosity = raw.quiet ? -1 : raw.verbose ? 1 : 0;
  const util::Color color = raw.color == "always"  ? util::Color::kAlways
                            : raw.color == "never" ? util::Color::kNever
                                                   : util::Color::kAuto;
  util::setup_log({flags.verbosity, color});
  if (flags.threads > 0) {
    at::set_num_threads(flags.threads);
  }
}

}  // namespace

int run_program(int argc, char** argv, Command& command) {
  CLI::App app("Examples:\n  " + command.examples() + "\n\n" + command.summary(), command.name());
  SharedFlags flags;
  RawFlags raw;
  app.set_help_flag("-h,--help", "This help")->group(kSharedGroup);
  app.set_version_flag("--version", versions_text, "Versions of the program and of what it stands on")
      ->group(kSharedGroup);
  app.get_formatter()->column_width(36);
  command.declare(app);
  declare_shared(app, flags, raw, command.uses_gpu());
  try {
    app.parse(argc, argv);
    for (const std::string& problem : {not_finite(app), left_empty(app)}) {
      if (!problem.empty()) {
        throw CLI::ValidationError(problem);
      }
    }
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    complain(fmt::format("{}: {}; see {} --help", command.name(), usage_problem(app, error), command.name()));
    return static_cast<int>(ExitCode::kUsage);
  }
  apply_shared(flags, raw);
  return guarded(flags.verbosity, [&] { return command.run(flags); });
}

void require_overrides(const std::string& program, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.find('=') == std::string::npos) {
      throw UsageError("{}: expects overrides like optim.lr=1e-3, got '{}'", program, word);
    }
  }
}

void print_result(const std::string& text) {
  const std::string line = text.empty() || text.back() != '\n' ? text + '\n' : text;
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size() || std::fflush(stdout) != 0) {
    throw ResourceError("stdout: the result cannot be written: {}", std::strerror(errno));
  }
}

void print_result(const nlohmann::json& value) {
  // File names may hold bytes that are no UTF-8; JSON may not.
  print_result(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace stgmamba::tools
