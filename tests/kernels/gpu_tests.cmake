# The GPU scan: on the emulated device in every build, and the same list on a real one where CUDA is on (skipped there,
# loudly, without a GPU).
add_library(stg_gpu_case STATIC gpu_case.cpp gpu_cover.cpp gpu_matrix.cpp gpu_reference.cpp)
target_link_libraries(stg_gpu_case PUBLIC stgmamba_emulation PRIVATE fmt::fmt stg_compile_options)
target_include_directories(stg_gpu_case PUBLIC ${PROJECT_SOURCE_DIR}/tests)
target_compile_options(stg_gpu_case PRIVATE -O2)

# stg_gpu_test(<name> <label> SOURCE...)   one program; `sweep` and `gpu` are labels that a plain test run leaves out or skips.
function(stg_gpu_test name label)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE stg_gpu_case GTest::gtest GTest::gmock GTest::gtest_main stg_compile_options)
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS "${label}" TIMEOUT 3600)
endfunction()
include(GoogleTest)

stg_gpu_test(kernels_emulation kernels emulated_device.cpp emulation_device_test.cpp emulation_properties_test.cpp
             gpu_cover_test.cpp gpu_properties_test.cpp)
stg_gpu_test(kernels_emulation_sweep sweep emulated_device.cpp gpu_sweep_test.cpp)
if(STG_HAVE_CUDA)
  stg_gpu_test(kernels_cuda kernels cuda_device.cpp gpu_cover_test.cpp gpu_properties_test.cpp)
  stg_gpu_test(kernels_cuda_sweep sweep cuda_device.cpp gpu_sweep_test.cpp)

  # What the compiler made of the kernels, against a budget file each architecture.
  foreach(arch 80 90 100)
    add_test(NAME kernels_budget.sm_${arch}
             COMMAND /usr/bin/env python3 ${CMAKE_CURRENT_SOURCE_DIR}/budget.py --nvcc ${STG_NVCC} --arch ${arch})
    set_tests_properties(kernels_budget.sm_${arch} PROPERTIES TIMEOUT 600 LABELS $<IF:$<EQUAL:${arch},90>,kernels,sweep>)
  endforeach()
endif()
