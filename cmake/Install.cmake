# `cmake --install`: programs, headers, configs and find_package(stgmamba).
include(CMakePackageConfigHelpers)
set(stg_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/stgmamba)

# stgmamba::stgmamba is all layers together.
add_library(stgmamba_all INTERFACE)
set_target_properties(stgmamba_all PROPERTIES EXPORT_NAME stgmamba)
get_property(stg_all_layers GLOBAL PROPERTY STG_LAYERS)
target_link_libraries(stgmamba_all INTERFACE ${stg_all_layers})
target_compile_features(stgmamba_all INTERFACE cxx_std_20)

install(TARGETS stgmamba_all EXPORT stgmambaTargets)
install(EXPORT stgmambaTargets NAMESPACE stgmamba:: DESTINATION ${stg_package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/stgmamba/configs)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/share/ DESTINATION ${CMAKE_INSTALL_DATADIR}/stgmamba)
# The installed package finds the same third-party libraries by the same two files.
install(FILES ${CMAKE_CURRENT_LIST_DIR}/Dependencies.cmake ${CMAKE_CURRENT_LIST_DIR}/Torch.cmake
              ${CMAKE_CURRENT_LIST_DIR}/packages-pypi-cpu.txt DESTINATION ${stg_package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/stgmambaConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/stgmambaConfig.cmake INSTALL_DESTINATION ${stg_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/stgmambaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/stgmambaConfig.cmake ${PROJECT_BINARY_DIR}/stgmambaConfigVersion.cmake
        DESTINATION ${stg_package_dir})
