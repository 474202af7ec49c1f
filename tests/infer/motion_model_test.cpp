// SPDX-License-Identifier: MIT
#include "stgmamba/infer/motion_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/io/checkpoint_folder.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/util/file.hpp"
#include "stgmamba/weights/module_io.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kConfig = "model: {name: stg_mamba, d: 8, blocks: 1}\n";

models::GeneratorHandle small_generator(std::uint64_t seed) {
  return models::make_generator(config::Document::parse(kConfig, "test").root().section("model"), seed);
}

void make_checkpoint(const fs::path& run, std::int64_t step, std::uint64_t seed) {
  const fs::path folder = run / "checkpoints" / io::checkpoint_name(step);
  util::make_folders(folder);
  weights::save_module(folder / "generator.safetensors", *small_generator(seed).network);
  io::seal_checkpoint(folder);
  util::write_text(run / "config.yaml", kConfig);
  util::write_text(run / "last", io::checkpoint_name(step) + "\n");
}

bool holds(const infer::MotionModel& model, std::uint64_t seed) {
  const auto ours = weights::named_tensors(*model.generator.network);
  for (const auto& [name, tensor] : weights::named_tensors(*small_generator(seed).network)) {
    if (!torch::equal(ours.at(name), tensor)) {
      return false;
    }
  }
  return true;
}

TEST(MotionModel, LoadsRunsAndCheckpoints) {
  const TempFolder folder;
  make_checkpoint(folder / "run", 10, 1);
  make_checkpoint(folder / "run", 20, 2);
  EXPECT_TRUE(holds(infer::MotionModel::load(folder / "run", torch::kCPU), 2));
  util::write_text(folder / "run" / "best", io::checkpoint_name(10) + "\n");
  EXPECT_TRUE(holds(infer::MotionModel::load(folder / "run", torch::kCPU), 1));
  EXPECT_TRUE(holds(infer::MotionModel::load(folder / "run", torch::kCPU, "last"), 2));
  EXPECT_TRUE(holds(infer::MotionModel::load(folder / "run/checkpoints" / io::checkpoint_name(10), torch::kCPU), 1));
  const auto choose = [&] {
    infer::MotionModel::load(folder / "run/checkpoints" / io::checkpoint_name(10), torch::kCPU, "20");
  };
  EXPECT_THAT(error_of(choose), HasSubstr("is one checkpoint and no run, so there is no '20' to choose"));
  EXPECT_EQ(exit_code_of(choose), 5);
}

TEST(MotionModel, RefusesOtherTasks) {
  const TempFolder folder;
  make_checkpoint(folder / "run", 10, 1);
  util::write_text(folder / "run/config.yaml", std::string("task: skeleton_to_video\n") + kConfig);
  EXPECT_EQ(exit_code_of([&] { infer::MotionModel::load(folder / "run", torch::kCPU); }), 5);
  EXPECT_THAT(error_of([&] { infer::MotionModel::load(folder / "run", torch::kCPU); }),
              HasSubstr("its task is skeleton_to_video"));
}

TEST(MotionModel, RefusesWhatIsDamaged) {
  const TempFolder folder;
  make_checkpoint(folder / "run", 10, 1);
  const fs::path checkpoint = folder / "run/checkpoints/step_000000010";
  std::string bytes = util::read_text(checkpoint / "generator.safetensors");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  util::write_text(checkpoint / "generator.safetensors", bytes);
  const auto load = [&] { infer::MotionModel::load(checkpoint, torch::kCPU); };
  EXPECT_EQ(exit_code_of(load), 5);
  EXPECT_THAT(error_of(load), HasSubstr("generator.safetensors"));
  EXPECT_EQ(exit_code_of([&] { infer::MotionModel::load(folder / "run", torch::kCPU); }), 5);
  EXPECT_EQ(exit_code_of([&] { infer::MotionModel::load(folder / "nothing", torch::kCPU); }), 5);
}

TEST(MotionModel, TheAverageDancesWhereThereIsOne) {
  const TempFolder folder;
  make_checkpoint(folder / "run", 10, 1);
  const fs::path checkpoint = folder / "run/checkpoints/step_000000010";
  EXPECT_EQ(infer::MotionModel::load(folder / "run", torch::kCPU).weights_file, checkpoint / "generator.safetensors");
  weights::save_module(checkpoint / "generator_ema.safetensors", *small_generator(2).network);
  io::seal_checkpoint(checkpoint);
  const auto model = infer::MotionModel::load(folder / "run", torch::kCPU);
  EXPECT_TRUE(holds(model, 2));
  EXPECT_EQ(model.weights_file, checkpoint / "generator_ema.safetensors");
}

TEST(MotionModel, AnExportTravelsAloneInHalfTheSize) {
  const TempFolder folder;
  make_checkpoint(folder / "run", 3, 5);
  infer::export_model(folder / "run", folder / "out");
  fs::rename(folder / "out", folder / "moved");
  const auto model = infer::MotionModel::load(folder / "moved", torch::kCPU);
  const auto ours = weights::named_tensors(*model.generator.network);
  for (const auto& [name, tensor] : weights::named_tensors(*small_generator(5).network)) {
    EXPECT_TRUE(torch::allclose(ours.at(name).to(torch::kDouble), tensor.to(torch::kDouble), 4e-3, 1e-30)) << name;
  }
  EXPECT_LT(static_cast<double>(fs::file_size(folder / "moved/generator.safetensors")),
            0.6 * static_cast<double>(fs::file_size(folder / "run/checkpoints/step_000000003/generator.safetensors")));
  EXPECT_THAT(error_of([&] { infer::export_model(folder / "run", folder / "moved"); }), HasSubstr("exists already"));
}

TEST(MotionModel, TheNewestFinishedRunIsFound) {
  const TempFolder folder;
  EXPECT_TRUE(infer::newest_finished_run(folder / "none").empty());
  const auto record = [&](const std::string& name, bool finished, const char* ended) {
    util::make_folders(folder / name);
    io::write_json(folder / name / "run.json", {{"finished", finished}, {"ended", ended}});
  };
  record("a", true, "2026-01-02T00:00:00Z");
  record("b", true, "2026-01-03T00:00:00Z");
  record("c", false, "2026-01-04T00:00:00Z");
  EXPECT_EQ(infer::newest_finished_run(folder.path()).filename(), "b");
  record("d", true, "2026-01-05T00:00:00Z");
  util::write_text(folder / "d" / "config.yaml", "task: style_classifier\n");  // it tells dances apart, it makes none
  EXPECT_EQ(infer::newest_finished_run(folder.path()).filename(), "b");
}

}  // namespace
}  // namespace stgmamba::test
