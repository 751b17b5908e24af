//! Every operation this adapter asks Railway for, as text. They are constants so that tests hold each against Railway's schema, and so that
//! what can be sent is what stands here: nothing in this file deletes a project, an environment, a service, a volume or a domain.

use crate::http::Effect;

/// One GraphQL operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// Its name in the text.
    pub name: &'static str,
    /// What it does, for people: "Railway refused to *create a service*".
    pub does: &'static str,
    /// Whether it changes anything.
    pub effect: Effect,
    /// Query or mutation.
    pub text: &'static str,
}

macro_rules! documents {
    ($($id:ident = $name:literal, $effect:ident, $does:literal, $text:expr;)*) => {
        $(
            #[doc = concat!("To ", $does, ".")]
            pub const $id: Document =
                Document { name: $name, does: $does, effect: Effect::$effect, text: $text };
        )*
        /// All of them.
        pub const ALL: &[Document] = &[$($id),*];
    };
}

macro_rules! deployment {
    () => {
        "id status createdAt statusUpdatedAt serviceId environmentId canRollback canRedeploy deploymentStopped \
         url staticUrl meta instances { id status }"
    };
}

macro_rules! custom_domain {
    () => {
        "id domain targetPort syncStatus status { verified certificateStatus certificateErrorMessage \
         verificationDnsHost verificationToken \
         dnsRecords { hostlabel fqdn zone recordType requiredValue currentValue status purpose } }"
    };
}

macro_rules! instance {
    () => {
        concat!(
            "id serviceId serviceName region numReplicas cronSchedule healthcheckPath startCommand preDeployCommand \
             overlapSeconds drainingSeconds rootDirectory restartPolicyType sleepApplication source { repo image } ",
            "domains { serviceDomains { id domain targetPort syncStatus } customDomains { ",
            custom_domain!(),
            " } } latestDeployment { ",
            deployment!(),
            " }"
        )
    };
}

macro_rules! page {
    () => {
        "pageInfo { hasNextPage endCursor }"
    };
}

documents! {
    ME = "Me", Read, "tell whose the token is",
        "query Me { me { id name email workspaces { id name } } }";
    TOKEN_REACH = "TokenReach", Read, "tell what the token reaches",
        "query TokenReach { apiToken { workspaces { id name } } }";
    PROJECT_TOKEN = "ProjectToken", Read, "tell what the project token is for",
        "query ProjectToken { projectToken { id name project { id name workspaceId } environment { id name } } }";
    PROJECTS = "Projects", Read, "list projects",
        concat!(
            "query Projects($workspaceId: String, $first: Int, $after: String) { \
             projects(workspaceId: $workspaceId, first: $first, after: $after) { \
             edges { node { id name description workspaceId } } ", page!(), " } }"
        );
    PROJECT = "Project", Read, "look at a project",
        "query Project($id: String!) { project(id: $id) { id name description workspaceId } }";
    ENVIRONMENTS = "Environments", Read, "list environments",
        concat!(
            "query Environments($projectId: String!, $first: Int, $after: String) { \
             environments(projectId: $projectId, first: $first, after: $after) { \
             edges { node { id name isEphemeral } } ", page!(), " } }"
        );
    SERVICES = "Services", Read, "list services",
        concat!(
            "query Services($id: String!, $first: Int, $after: String) { project(id: $id) { \
             services(first: $first, after: $after) { edges { node { id name } } ", page!(), " } } }"
        );
    ENVIRONMENT = "Environment", Read, "look at an environment",
        concat!(
            "query Environment($id: String!, $projectId: String, $first: Int, $services: String, $volumes: String) { \
             environment(id: $id, projectId: $projectId) { id name projectId isEphemeral \
             serviceInstances(first: $first, after: $services) { edges { node { ", instance!(), " } } ", page!(), " } \
             volumeInstances(first: $first, after: $volumes) { edges { node { \
             id volumeId serviceId mountPath sizeMB currentSizeMB state volume { name } } } ", page!(), " } } }"
        );
    INSTANCE = "Instance", Read, "look at a service",
        concat!(
            "query Instance($environmentId: String!, $serviceId: String!) { \
             serviceInstance(environmentId: $environmentId, serviceId: $serviceId) { ", instance!(), " } }"
        );
    ENVIRONMENT_CONFIG = "EnvironmentConfig", Read, "look at an environment's configuration",
        "query EnvironmentConfig($id: String!, $projectId: String) { \
         environment(id: $id, projectId: $projectId) { id config(decryptVariables: false) } }";
    VARIABLES = "Variables", Read, "look at a service's variables",
        "query Variables($projectId: String!, $environmentId: String!, $serviceId: String) { \
         variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, unrendered: true) }";
    VARIABLE_NAMES = "VariableNames", Read, "list variables by name",
        concat!(
            "query VariableNames($id: String!, $projectId: String, $first: Int, $after: String) { \
             environment(id: $id, projectId: $projectId) { variables(first: $first, after: $after) { \
             edges { node { id name serviceId isSealed } } ", page!(), " } } }"
        );
    DEPLOYMENT = "Deployment", Read, "look at a deployment",
        concat!("query Deployment($id: String!) { deployment(id: $id) { ", deployment!(), " } }");
    DEPLOYMENTS = "Deployments", Read, "list deployments",
        concat!(
            "query Deployments($input: DeploymentListInput!, $first: Int, $after: String) { \
             deployments(input: $input, first: $first, after: $after) { edges { node { ",
            deployment!(), " } } ", page!(), " } }"
        );
    DOMAINS = "Domains", Read, "list domains",
        concat!(
            "query Domains($projectId: String!, $environmentId: String!, $serviceId: String!) { \
             domains(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId) { \
             serviceDomains { id domain targetPort syncStatus } customDomains { ", custom_domain!(), " } } }"
        );
    DOMAIN_AVAILABLE = "DomainAvailable", Read, "ask whether a domain is free",
        "query DomainAvailable($domain: String!) { customDomainAvailable(domain: $domain) { available message } }";
    DEPLOYMENT_LOGS = "DeploymentLogs", Read, "read a deployment's log",
        "query DeploymentLogs($id: String!, $limit: Int, $start: DateTime, $end: DateTime, $filter: String) { \
         deploymentLogs(deploymentId: $id, limit: $limit, startDate: $start, endDate: $end, filter: $filter) { \
         timestamp severity message attributes { key value } } }";
    BUILD_LOGS = "BuildLogs", Read, "read a build's log",
        "query BuildLogs($id: String!, $limit: Int, $start: DateTime, $end: DateTime, $filter: String) { \
         buildLogs(deploymentId: $id, limit: $limit, startDate: $start, endDate: $end, filter: $filter) { \
         timestamp severity message attributes { key value } } }";
    HTTP_LOGS = "HttpLogs", Read, "read a deployment's requests",
        "query HttpLogs($id: String!, $anchor: String, $after: String, $before: String, $afterLimit: Int, \
         $beforeLimit: Int, $filter: String) { \
         httpLogs(deploymentId: $id, anchorDate: $anchor, afterDate: $after, beforeDate: $before, \
         afterLimit: $afterLimit, beforeLimit: $beforeLimit, filter: $filter) { \
         timestamp requestId method path host httpStatus totalDuration upstreamRqDuration upstreamErrors edgeRegion \
         deploymentInstanceId } }";

    PROJECT_CREATE = "ProjectCreate", Write, "create a project",
        "mutation ProjectCreate($input: ProjectCreateInput!) { projectCreate(input: $input) { \
         id name description workspaceId } }";
    ENVIRONMENT_CREATE = "EnvironmentCreate", Write, "create an environment",
        "mutation EnvironmentCreate($input: EnvironmentCreateInput!) { environmentCreate(input: $input) { \
         id name isEphemeral } }";
    ENVIRONMENT_PATCH = "EnvironmentPatch", Write, "bring a service into an environment",
        "mutation EnvironmentPatch($environmentId: String!, $patch: EnvironmentConfig!, $message: String) { \
         environmentPatchCommit(environmentId: $environmentId, patch: $patch, commitMessage: $message) }";
    SERVICE_CREATE = "ServiceCreate", Write, "create a service",
        "mutation ServiceCreate($input: ServiceCreateInput!) { serviceCreate(input: $input) { id name } }";
    SERVICE_CONNECT = "ServiceConnect", Write, "connect a service to its code",
        "mutation ServiceConnect($id: String!, $input: ServiceConnectInput!) { \
         serviceConnect(id: $id, input: $input) { id name } }";
    INSTANCE_UPDATE = "InstanceUpdate", Write, "change a service's settings",
        "mutation InstanceUpdate($environmentId: String!, $serviceId: String!, $input: ServiceInstanceUpdateInput!) { \
         serviceInstanceUpdate(environmentId: $environmentId, serviceId: $serviceId, input: $input) }";
    VOLUME_CREATE = "VolumeCreate", Write, "create a volume",
        "mutation VolumeCreate($input: VolumeCreateInput!) { volumeCreate(input: $input) { id name } }";
    VARIABLES_UPSERT = "VariablesUpsert", Write, "set variables",
        "mutation VariablesUpsert($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }";
    VARIABLE_DELETE = "VariableDelete", Write, "remove a variable",
        "mutation VariableDelete($input: VariableDeleteInput!) { variableDelete(input: $input) }";
    DEPLOY = "Deploy", Write, "deploy a service",
        "mutation Deploy($environmentId: String!, $serviceId: String!, $commitSha: String) { \
         serviceInstanceDeployV2(environmentId: $environmentId, serviceId: $serviceId, commitSha: $commitSha) }";
    REDEPLOY = "Redeploy", Write, "deploy a release again",
        concat!(
            "mutation Redeploy($id: String!) { deploymentRedeploy(id: $id, usePreviousImageTag: true) { ",
            deployment!(), " } }"
        );
    ROLLBACK = "Rollback", Write, "roll back",
        "mutation Rollback($id: String!) { deploymentRollback(id: $id) }";
    RESTART = "Restart", Write, "restart a deployment",
        "mutation Restart($id: String!) { deploymentRestart(id: $id) }";
    STOP = "Stop", Write, "stop a deployment",
        "mutation Stop($id: String!) { deploymentStop(id: $id) }";
    CANCEL = "Cancel", Write, "cancel a deployment under way",
        "mutation Cancel($id: String!) { deploymentCancel(id: $id) }";
    SERVICE_DOMAIN_CREATE = "ServiceDomainCreate", Write, "create a railway.app address",
        "mutation ServiceDomainCreate($input: ServiceDomainCreateInput!) { serviceDomainCreate(input: $input) { \
         id domain targetPort syncStatus } }";
    CUSTOM_DOMAIN_CREATE = "CustomDomainCreate", Write, "add a domain",
        concat!(
            "mutation CustomDomainCreate($input: CustomDomainCreateInput!) { customDomainCreate(input: $input) { ",
            custom_domain!(), " } }"
        );
    CUSTOM_DOMAIN_UPDATE = "CustomDomainUpdate", Write, "change a domain's port",
        "mutation CustomDomainUpdate($id: String!, $environmentId: String!, $targetPort: Int) { \
         customDomainUpdate(id: $id, environmentId: $environmentId, targetPort: $targetPort) }";
}
