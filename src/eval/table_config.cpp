// SPDX-License-Identifier: MIT
#include "stgmamba/eval/table_config.hpp"

#include <algorithm>

#include "stgmamba/config/section.hpp"
#include "stgmamba/eval/video_columns.hpp"
#include "stgmamba/metrics/columns.hpp"
#include "stgmamba/train/run_folder.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::eval {

namespace fs = std::filesystem;

namespace {

void check_metrics(const config::Section& section, const char* key, const std::vector<std::string>& names,
                   bool videos) {
  for (const std::string& name : names) {
    try {
      if (videos) {
        pick_video_columns({name});
      } else {
        metrics::pick_columns({name}, 0.0);
      }
    } catch (const UsageError& error) {
      throw ConfigError("{}: {}", section.where(key), error.what());
    }
  }
}

/// `runs_of`: the same networks as an earlier row's, used otherwise.
void share_runs(const config::Section& section, const std::string& other, const TableConfig& table, TableRow& row) {
  const auto found =
      std::find_if(table.rows.begin(), table.rows.end(), [&](const TableRow& each) { return each.name == other; });
  if (found == table.rows.end() || found->config.empty()) {
    throw ConfigError("{}: must name a row above this one that has a 'config', got '{}'", section.where("runs_of"),
                      other);
  }
  for (const char* key : {"config", "overrides", "seeds"}) {
    if (section.has(key)) {
      throw ConfigError("{}: '{}' is that of row '{}' (runs_of); leave it out", section.where(key), key, other);
    }
  }
  row.run = found->run;
  row.config = found->config;
  row.overrides = found->overrides;
  row.seeds = found->seeds;
}

TableRow read_row(config::Section section, const std::string& name, const TableConfig& table,
                  const std::vector<std::string>& overrides, const std::vector<std::int64_t>& seeds,
                  const fs::path& folder) {
  TableRow row;
  row.name = row.run = name;
  row.seeds = seeds;
  section.read("label", row.label);
  section.read("note", row.note);
  section.read("seeds", row.seeds, {.min = 0});
  std::string config;
  section.read("config", config);
  if (!config.empty()) {
    row.config = (folder / config).lexically_normal();
    if (!fs::exists(row.config)) {
      throw ConfigError("{}: must name an existing configuration beside this file, got '{}' (looked for {})",
                        section.where("config"), config, row.config.string());
    }
  }
  row.overrides = overrides;
  std::vector<std::string> own;
  section.read("overrides", own);
  row.overrides.insert(row.overrides.end(), own.begin(), own.end());
  std::string other;
  if (table.videos()) {  // a dance has one way to be made
    section.read("runs_of", other);
    infer::read(section.section("infer"), row.infer);
  }
  if (!other.empty()) {
    share_runs(section, other, table, row);
  }
  config::Section paper = section.section("paper");
  for (const std::string& key : paper.keys()) {
    const auto known = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), key) != names.end();
    };
    if (!known(table.metrics) && !known(table.study)) {
      throw ConfigError("{}: '{}' is none of the table's metrics", paper.where(key), key);
    }
    paper.read(key, row.paper[key]);
  }
  if (row.label.empty() || row.seeds.empty()) {
    throw ConfigError("{}: a row needs a 'label' and at least one seed", section.where("label"));
  }
  return row;
}

std::vector<TableNeed> read_needs(const config::Section& section, const fs::path& folder) {
  std::vector<TableNeed> needs;
  for (const std::string& name : section.keys()) {
    config::Section entry = section.section(name);
    std::string config;
    TableNeed need;
    need.run = name;
    entry.read("config", config);
    entry.read("overrides", need.overrides);
    need.config = (folder / config).lexically_normal();
    if (config.empty() || !fs::exists(need.config)) {
      throw ConfigError("{}: must name an existing configuration beside this file, got '{}'", entry.where("config"),
                        config);
    }
    needs.push_back(std::move(need));
  }
  return needs;
}

/// Whether what a configuration trains can be a row of the table.
void check_purpose(const TableConfig& table, const TableRun& run, const std::string& resolved) {
  const auto document = config::Document::parse(resolved, run.options.config);
  std::string task;
  std::int64_t size = 0;
  document.root().read("task", task);
  if (task != table.task) {
    throw ConfigError("{}: row '{}' must be trained by the table's task {}, got {}", run.options.config,
                      table.rows[run.row].name, table.task, task);
  }
  if (table.videos()) {
    document.root().section("data").read("size", size);
    if (size != table.size) {
      throw ConfigError(
          "{}: row '{}' must be trained on pictures of the table's size {}, got data.size={}; change the table's size "
          "or "
          "the row's overrides",
          run.options.config, table.rows[run.row].name, table.size, size);
    }
  }
}

bool is_finished(const train::TrainOptions& options) {
  const fs::path record = options.runs_dir / options.run_name / "run.json";
  if (!fs::exists(record)) {
    return false;
  }
  const io::Json run = io::read_json(record);
  std::int64_t steps = 0;  // by epochs
  const auto document = config::Document::load(options.config, options.overrides);
  document.root().section("train").read("steps", steps, {.min = 0});
  return run.value("finished", false) && run.value("steps", std::int64_t{0}) >= steps;
}

}  // namespace

TableConfig read_table(const fs::path& file) {
  const auto document = config::Document::load(file);
  config::Section root = document.root();
  TableConfig table;
  std::vector<std::int64_t> seeds = {1};
  std::vector<std::string> overrides;
  root.read("title", table.title);
  root.read("task", table.task, {"music_to_skeleton", "skeleton_to_video"});
  root.read("data", table.data);
  root.read("split", table.split);
  root.read("styles", table.styles);
  root.read("metrics", table.metrics);
  root.read("study", table.study);
  root.read("seeds", seeds, {.min = 0});
  root.read("overrides", overrides);
  root.read("against", table.against);
  check_metrics(root, "metrics", table.metrics, table.videos());
  if (table.videos()) {
    root.read("size", table.size, {.min = 16, .max = 2048});
    root.read("frames", table.frames, {.min = 1, .max = 10'000});
  }
  table.needs = read_needs(root.section("needs"), file.parent_path());
  const config::Section rows = root.section("rows");
  std::vector<std::string> names = rows.keys();
  for (const std::string& name : names) {
    table.rows.push_back(read_row(rows.section(name), name, table, overrides, seeds, file.parent_path()));
  }
  document.finish();
  if (table.metrics.empty() || table.rows.empty()) {
    throw ConfigError("{}: a table needs 'metrics' and 'rows'", file.string());
  }
  if (!table.against.empty() && std::find(names.begin(), names.end(), table.against) == names.end()) {
    throw ConfigError("{}: 'against' must name a row, got '{}'", root.where("against"), table.against);
  }
  return table;
}

fs::path find_table(const std::string& name) {
  if (name.size() == 1 && name >= "1" && name <= "5") {
    return config::find_config("base.yaml").parent_path() / "tables" / ("table" + name + ".yaml");
  }
  if (!fs::is_regular_file(name)) {
    throw UsageError("--table: must be 1 to 5 or a file like configs/tables/table4_small.yaml, got '{}'", name);
  }
  return name;
}

std::vector<TableRun> needed_runs(const TableConfig& table, const std::vector<std::string>& overrides) {
  std::vector<TableRun> runs;
  for (const TableNeed& need : table.needs) {
    TableRun run;
    run.options.config = need.config.string();
    run.options.overrides = need.overrides;
    run.options.overrides.insert(run.options.overrides.end(), overrides.begin(), overrides.end());
    run.options.runs_dir = need.run.parent_path();
    run.options.run_name = need.run.filename().string();
    run.options.command = run.command =
        fmt::format("stg_train --config {} {} --runs-dir {} --run-name {}", run.options.config,
                    util::join(run.options.overrides, " "), run.options.runs_dir.string(), run.options.run_name);
    if (fs::exists(need.run) && !fs::exists(need.run / "run.json")) {
      continue;
    }
    run.finished = is_finished(run.options);
    if (!run.finished) {
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

std::vector<TableRun> table_runs(const TableConfig& table, const fs::path& runs_dir, const std::string& data,
                                 const std::vector<std::string>& overrides) {
  std::vector<TableRun> runs;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const TableRow& row = table.rows[r];
    for (const std::int64_t seed : row.seeds) {
      if (row.config.empty()) {
        continue;
      }
      TableRun run;
      run.row = r;
      run.seed = seed;
      run.options.config = row.config.string();
      run.options.overrides = row.overrides;
      run.options.overrides.insert(run.options.overrides.end(), overrides.begin(), overrides.end());
      run.options.overrides.push_back(fmt::format("seed={}", seed));
      run.options.overrides.push_back("data.root=" + data);
      run.options.runs_dir = runs_dir;
      run.options.run_name = fmt::format("{}-seed{}", row.run, seed);
      run.command = fmt::format("stg_train --config {} {} --runs-dir {} --run-name {}", run.options.config,
                                util::join(run.options.overrides, " "), runs_dir.string(), run.options.run_name);
      run.options.command = run.command;
      run.finished = is_finished(run.options);
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

void check_run(const TableConfig& table, const TableRun& run, const std::string& data_hash) {
  const std::string resolved = train::print_config(run.options, false);
  check_purpose(table, run, resolved);
  train::check_identity(run.options.runs_dir / run.options.run_name,
                        {train::identity_hash(resolved), data_hash, static_cast<std::uint64_t>(run.seed), resolved});
}

}  // namespace stgmamba::eval
